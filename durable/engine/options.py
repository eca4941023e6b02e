"""What holds for one function: what the site says in the admin, else its own options, else the settings."""

from __future__ import annotations

from dataclasses import dataclass

from durable.authoring.function import Function
from durable.conf import BACKOFF, conf, imported
from durable.engine.overrides import overrides
from durable.playback.request import ParallelMode
from durable.playback.retry import Backoff, RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Resolved options; the nearest to the function wins."""

    mode: ParallelMode
    strict: bool
    threads: int
    policy: RetryPolicy
    max_parallel: int | None = None  # planned steps of one run that are open at the same time
    fan_out: bool = False  # each step of a group is a run of its own

    @classmethod
    def of(cls, function: Function) -> Options:
        """Resolve the options of a function, by the overrides that were seen last."""
        said = overrides.of(function.id)
        own = conf.RETRIES if function.retries is None else function.retries
        is_fanned = function.fan_out if said.fan_out is None else said.fan_out
        is_strict = conf.STRICT if function.strict is None else function.strict
        # The loop of an async function would begin all bodies that it meets, here and at once.
        is_spread = is_fanned or said.max_parallel is not None
        return cls(
            mode=said.parallel_mode or function.parallel_mode or ParallelMode(conf.PARALLEL_MODE),
            strict=is_strict or (function.is_async and is_spread),
            threads=1 if is_fanned else said.threads or function.threads,
            policy=RetryPolicy(
                retries=own if said.retries is None else said.retries,
                backoff=said.backoff or backoff(),
                jitter=0.0 if said.backoff else jitter(),
            ),
            max_parallel=said.max_parallel,
            fan_out=is_fanned,
        )


def backoff() -> Backoff:
    """Return the backoff of the settings: a table of seconds, or the function the setting names."""
    setting = conf.BACKOFF
    return imported("BACKOFF", setting) if isinstance(setting, str) else tuple(setting)


def jitter() -> float:
    """Return the seconds at most that chance adds to an entry of the table."""
    if conf.JITTER is not None:
        return float(conf.JITTER)
    return 30.0 if conf.BACKOFF is BACKOFF else 0.0
