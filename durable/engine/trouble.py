"""When the database, or a deploy, is the trouble: work rests, longer each time, and is not blamed."""

from __future__ import annotations

from django.db import InterfaceError, InternalError, NotSupportedError, OperationalError
from django.db import ProgrammingError as MissingMigrationError

# Not DataError and IntegrityError: what is wrong with one run's own values stays wrong.
NOT_THE_RUNS_FAULT = (
    OperationalError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    MissingMigrationError,
)
REASON = "The worker met trouble with the database; see its log."

_LONGEST = 60.0
_in_a_row = 0


def pause() -> float:
    """Count one more trouble of this process; return the seconds for which its work should rest."""
    global _in_a_row
    _in_a_row += 1
    return float(min(2 ** (_in_a_row - 1), _LONGEST))


def over() -> None:
    """Forget the troubles: something went well."""
    global _in_a_row
    _in_a_row = 0


def pause_of_suspect(crashes: int) -> float:
    """Return the seconds for which work rests that met an error of its own, `crashes` times before."""
    return float(10.0**crashes)
