"""The picture of a run as values: lanes, each with bars. No database, no HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from durable.models import Attempt, Step, StepStatus
from durable.models.status import OPEN_STEP
from durable.playback.request import TIMERS

RESTS = {"queue", "backoff", "sleep", "wait", "invoke"}  # kinds of bars in which nothing is at work
_WAITS = {StepStatus.PENDING, StepStatus.RETRYING}


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time: what it was spent on, from and to when."""

    kind: str  # "queue", "run", "done", "failed", "cancelled", "backoff", "sleep", "wait", "invoke"
    begin: datetime
    end: datetime
    is_open: bool = False  # it goes on
    number: int = 0  # of the try, from 1
    is_part: bool = False  # work went on after a rest: it is drawn as it ended in the end

    @property
    def is_rest(self) -> bool:
        """Whether nothing was at work."""
        return self.kind in RESTS


@dataclass(slots=True)
class Lane:
    """One line: a group of branches, a branch, or a step."""

    kind: str  # "group", "branch" or "step"
    depth: int
    steps: list[Step]
    number: int = 0  # of the branch
    bars: list[Bar] = field(default_factory=list)

    @property
    def step(self) -> Step:
        """The step of the lane of one."""
        return self.steps[0]

    def count(self, *statuses: str) -> int:
        """How many of its steps are in one of these."""
        return sum(step.status in statuses for step in self.steps)

    @property
    def open(self) -> int:
        """How many of its steps have not ended."""
        return self.count(*OPEN_STEP)


def lanes(steps: Sequence[Step], attempts: Iterable[Attempt], now: datetime) -> list[Lane]:
    """Return the lanes of a run, in the order of its code.

    Args:
        steps: of the run, in the order of their rows.
        attempts: its failed tries, in order.
        now: where open bars end.
    """
    tries: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        tries.setdefault(attempt.key, []).append(attempt)
    begun = _begins(steps, tries)
    found: list[Lane] = []
    for section in _sections(steps):
        found += _section(section, 0)
    for lane in found:
        if lane.kind == "step":
            step = lane.step
            planned = step.planned or begun.get(step.wave)
            lane.bars = bars(step, tries.get(step.key, []), planned, now)
    for lane in found:
        if lane.kind != "step":
            lane.bars = _extent(lane, {one.step.pk: one for one in found if one.kind == "step"})
    return found


def bars(
    step: Step, tries: Sequence[Attempt], planned: datetime | None, now: datetime
) -> list[Bar]:
    """Return the bars of a step: its time in the queue, each try, and the pauses between them."""
    if step.op in TIMERS:
        return _timer(step, now)
    found = [Bar("failed", one.started, one.ended, number=one.number + 1) for one in tries]
    last = _last_try(step, tries, now)
    if last is not None:
        found.append(last)
    elif step.status in OPEN_STEP and found:
        found.append(Bar("backoff", found[-1].end, max(now, found[-1].end), is_open=True))
    elif step.status in OPEN_STEP and planned is not None:
        found.append(Bar("queue", planned, max(now, planned), is_open=True))
    return _with_pauses(found, planned if step.mode else None)


def _timer(step: Step, now: datetime) -> list[Bar]:
    if step.started is None:
        return []
    end = step.ended or max(now, step.started)
    return [Bar(step.op, step.started, end, is_open=step.ended is None)]


def _last_try(step: Step, tries: Sequence[Attempt], now: datetime) -> Bar | None:
    """The try that is at work, or that ended otherwise than in the history of failed ones."""
    if step.started is None or step.status in _WAITS:
        return None
    if step.status == StepStatus.FAILED and tries and tries[-1].number >= step.attempt:
        return None
    if step.ended is None:
        end = max(now, step.started)
        return Bar("run", step.started, end, is_open=True, number=step.attempt + 1)
    return Bar(step.status, step.started, max(step.ended, step.started), number=step.attempt + 1)


def _with_pauses(found: list[Bar], planned: datetime | None) -> list[Bar]:
    out: list[Bar] = []
    for bar in found:
        before = out[-1].end if out else planned
        if before is not None and bar.begin > before and bar.kind not in ("queue", "backoff"):
            out.append(Bar("backoff" if out else "queue", before, bar.begin))
        out.append(bar)
    return out


def _begins(steps: Sequence[Step], tries: dict[str, list[Attempt]]) -> dict[int, datetime]:
    """When each wave was planned whose steps do not say, as copies do not: when its first step began."""
    found: dict[int, datetime] = {}
    before: datetime | None = None
    for step in steps:
        times = [one.started for one in tries.get(step.key, [])[:1]]
        times += [step.started] if step.started else []
        if not times and step.wave not in found and before is not None:
            times = [before]
        for moment in times:
            found[step.wave] = min(found.get(step.wave, moment), moment)
        if step.ended is not None:
            before = max(before or step.ended, step.ended)
    return found


def _path(step: Step) -> tuple[str, ...]:
    return tuple(step.branch.split(".")) if step.branch else ()


def _group(step: Step, depth: int) -> str:
    """Which of several groups in a row it is of, at this depth."""
    groups = (step.group or "").split(".")
    return groups[depth] if depth < len(groups) and groups[depth] else "0"


def _sections(steps: Sequence[Step], depth: int = 0) -> list[list[Step]]:
    """Cut into single steps and groups; a branch that appears later begins another group."""
    found: list[list[Step]] = []
    known: dict[str, int] = {}
    group = ""
    for step in steps:
        path = _path(step)
        if len(path) <= depth:
            found.append([step])
            known = {}
            continue
        branch = path[depth]
        is_other = not known or (branch not in known and step.wave > min(known.values()))
        is_other |= _group(step, depth) != group
        group = _group(step, depth)
        if is_other:
            found.append([])
            known = {}
        known.setdefault(branch, step.wave)
        found[-1].append(step)
    return found


def _section(steps: list[Step], depth: int) -> list[Lane]:
    if len(_path(steps[0])) <= depth:
        return [Lane("step", depth, steps)]
    branches: dict[str, list[Step]] = {}
    for step in steps:
        branches.setdefault(_path(step)[depth], []).append(step)
    found = [Lane("group", depth, steps)]
    is_flat = all(len(one) == 1 and len(_path(one[0])) == depth + 1 for one in branches.values())
    for number, mine in branches.items():
        if not is_flat:
            found.append(Lane("branch", depth + 1, mine, number=int(number) + 1))
        for section in _sections(mine, depth + 1):
            inner = _section(section, depth + 1)
            found += inner if is_flat else [_deeper(lane) for lane in inner]
    return found


def _deeper(lane: Lane) -> Lane:
    return Lane(lane.kind, lane.depth + 1, lane.steps, lane.number)


def _extent(lane: Lane, by_step: dict[int, Lane]) -> list[Bar]:
    inner = [bar for step in lane.steps for bar in by_step[step.pk].bars]
    if not inner:
        return []
    begin, end = min(bar.begin for bar in inner), max(bar.end for bar in inner)
    return [Bar(lane.kind, begin, end, is_open=bool(lane.open))]
