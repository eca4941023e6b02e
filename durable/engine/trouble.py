"""When the database, a deploy or a setting is the trouble: work rests, longer each time, unblamed."""

from __future__ import annotations

from django.db import InterfaceError, InternalError, NotSupportedError, OperationalError
from django.db import ProgrammingError as MissingMigrationError

from durable.errors import SettingInvalidError

# Not DataError and IntegrityError: what is wrong with one run's own values stays wrong.
NOT_THE_RUNS_FAULT = (
    OperationalError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    MissingMigrationError,
    SettingInvalidError,
)

_LONGEST = 60.0
_in_a_row = 0


def pause() -> float:
    """Count one more trouble of this process; return the seconds for which its work should rest."""
    global _in_a_row
    _in_a_row += 1
    return float(min(2 ** (_in_a_row - 1), _LONGEST))


def reason(error: Exception) -> str:
    """Say why the work rests."""
    if isinstance(error, SettingInvalidError):
        return str(error)
    return "The worker met trouble with the database; see its log."


def over() -> None:
    """Forget the troubles: something went well."""
    global _in_a_row
    _in_a_row = 0


def pause_of_suspect(crashes: int) -> float:
    """Return the seconds for which work rests that met an error of its own, `crashes` times before."""
    return float(10.0**crashes)
