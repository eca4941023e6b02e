"""What holds for one function: its own options, else the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.utils.module_loading import import_string

from durable.authoring.function import Function
from durable.conf import BACKOFF, conf
from durable.errors import SettingInvalidError
from durable.playback.request import ParallelMode
from durable.playback.retry import Backoff, RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Resolved options; the nearest to the function wins."""

    mode: ParallelMode
    strict: bool
    threads: int
    policy: RetryPolicy

    @classmethod
    def of(cls, function: Function) -> Options:
        """Resolve the options of a function."""
        return cls(
            mode=function.parallel_mode or ParallelMode(conf.PARALLEL_MODE),
            strict=conf.STRICT if function.strict is None else function.strict,
            threads=function.threads,
            policy=RetryPolicy(
                retries=conf.RETRIES if function.retries is None else function.retries,
                backoff=backoff(),
                jitter=jitter(),
            ),
        )


def backoff() -> Backoff:
    """Return the backoff of the settings: a table of seconds, or the function the setting names."""
    setting = conf.BACKOFF
    return _imported(setting) if isinstance(setting, str) else tuple(setting)


def jitter() -> float:
    """Return the seconds at most that chance adds to an entry of the table."""
    if conf.JITTER is not None:
        return float(conf.JITTER)
    return 30.0 if conf.BACKOFF is BACKOFF else 0.0


@cache
def _imported(path: str) -> Callable[[int], float]:
    try:
        found: Any = import_string(path)
    except ImportError as error:
        raise SettingInvalidError(
            f"DURABLE['BACKOFF']: {path!r} cannot be imported: {error}"
        ) from error
    if not callable(found):
        raise SettingInvalidError(f"DURABLE['BACKOFF']: {path!r} is not a function.")
    return cast(Callable[[int], float], found)
