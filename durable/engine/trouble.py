"""When the database, a deploy or a setting is the trouble: work rests, for as long as it has lasted, unblamed."""

from __future__ import annotations

import time

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

INTERNAL = "It met an error inside durable: see the workers' log (durable.engine)."

_LEAST, _LONGEST = 1.0, 60.0  # seconds
_since: float | None = None


def pause() -> float:
    """Note trouble of this process; return the seconds for which its work should rest.

    However much work met it: what is many would otherwise rest longer than what is one.
    """
    global _since
    now = time.monotonic()
    if _since is None:
        _since = now
    return min(max(now - _since, _LEAST), _LONGEST)


def reason(error: Exception) -> str:
    """Say why the work rests."""
    if isinstance(error, SettingInvalidError):
        return str(error)
    return "The worker met trouble with the database; see its log."


def over() -> None:
    """Forget the troubles: something went well."""
    global _since
    _since = None


def pause_of_suspect(crashes: int) -> float:
    """Return the seconds for which work rests that met an error of its own, `crashes` times before."""
    return float(10.0**crashes)
