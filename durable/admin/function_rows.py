"""What is said of each function, in the list and on its page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.authoring.trigger import TriggerEvent
from durable.engine.words import span
from durable.models import FunctionConfig, Run
from durable.operations.configure import OPTIONS
from durable.operations.figures import Figures, figures
from durable.operations.parallelism import Last, last_runs
from durable.operations.schedule import Coming, coming
from durable.store import get_store


@dataclass(slots=True, kw_only=True)
class Row:
    """A function, registered here or known from rows only."""

    id: str
    function: Function | None
    config: FunctionConfig
    figures: Figures = field(default_factory=Figures)
    lines: list[Coming] = field(default_factory=list)
    last: Sequence[Last] = ()  # of its completed runs

    @property
    def name(self) -> str:
        """What people call it."""
        return self.function.name if self.function else self.id

    @property
    def triggers(self) -> list[tuple[str, str]]:
        """Events and cron lines that start it, each with its condition."""
        if self.function is None:
            return []
        return [
            (one.event, one.expression or "") if isinstance(one, TriggerEvent) else (one.cron, "")
            for one in self.function.triggers
        ]

    @property
    def next(self) -> Coming | None:
        """The cron line that comes next."""
        times = [line for line in self.lines if line.following is not None]
        return min(times, key=lambda line: str(line.following), default=None)

    @property
    def is_startable(self) -> bool:
        """Whether people may start it by its id."""
        return self.function is not None and not registry.is_own(self.id)

    @property
    def overridden(self) -> list[str]:
        """The options that are not as the code has them."""
        return [name for name in OPTIONS if getattr(self.config, name) is not None]

    @property
    def is_fanned(self) -> bool:
        """Whether steps of its groups are runs of their own."""
        said = self.config.fan_out
        return bool(self.function and self.function.fan_out) if said is None else said

    @property
    def version(self) -> str:
        """Which version of its code this process has."""
        return self.function.version if self.function else ""

    @property
    def seen(self) -> dict[str, list[Last]]:
        """The last runs by the version that they were started with, the newest first."""
        found: dict[str, list[Last]] = {}
        for run in self.last:
            found.setdefault(run.version, []).append(run)
        return found

    @property
    def success(self) -> str:
        """The share of runs that ended well."""
        share = self.figures.success
        if share is None:
            return ""
        return f"{share:.1%}" if 0 < share < 1 else f"{share:.0%}"

    def time(self, share: float) -> str:
        """Return a percentile of its durations, in words."""
        found = self.figures.percentile(share)
        return "" if found is None else span(found, units=1)

    @property
    def p50(self) -> str:
        """The time that half of its runs did not exceed."""
        return self.time(0.5)

    @property
    def p95(self) -> str:
        """The time that all but one in twenty did not exceed."""
        return self.time(0.95)


def rows() -> list[Row]:
    """Return all functions, registered ones and those only known from rows."""
    store = get_store()
    configs = store.functions.all()
    ids = {*registry.functions, *configs, *store.functions.with_runs()}
    return _rows(sorted(ids), configs, figures(store.alias, ids))


def row(function: str) -> Row | None:
    """Return one function, if there is such a one."""
    store = get_store()
    configs = {one.function: one for one in store.functions.rows.filter(pk=function)}
    found = figures(store.alias, [function])
    last = last_runs(store.alias, function)
    has_runs = Run.objects.using(store.alias).filter(function=function)
    if last or function in {*registry.functions, *configs, *found} or has_runs.exists():
        (one,) = _rows([function], configs, found)
        one.last = last
        return one
    return None


def _rows(
    ids: Iterable[str], configs: Mapping[str, FunctionConfig], found: Mapping[str, Figures]
) -> list[Row]:
    lines = coming(get_store().alias)
    return [
        Row(
            id=name,
            function=registry.functions.get(name),
            config=configs.get(name) or FunctionConfig(function=name),
            figures=found.get(name, Figures()),
            lines=[line for line in lines if line.function == name],
        )
        for name in ids
    ]
