"""What is not as it must be, once all has come to rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import F

from durable.models import Event, Run, Step
from durable.operations.verify import verify
from durable.store import get_store
from tests.campaigns.chaos import audit
from tests.campaigns.chaos.burning.workflows import CRONS, GIVEN_UP, NAP
from tests.campaigns.chaos.client import Ledger, digest
from tests.campaigns.chaos.journal import Journal
from tests.campaigns.chaos.settings import MAX_CRASHES
from tests.campaigns.chaos.workload import FAILING, RETURNED, Wish

_MINUTE = 60.0
_PASSED_OVER = 2  # minutes, as long as an outage and what follows


def judge(ledger: Ledger, journal: Journal) -> list[str]:
    """Return a sentence for each thing that was lost, doubled, early, stuck or wrong."""
    return [
        *ledger.wrong,
        *_events(ledger),
        *_runs(ledger),
        *_early(journal),
        *_after_cancel(ledger, journal),
        *_bodies(journal),
        *_ticks(),
        *_stuck(),
        *(str(breach) for breach in verify(get_store()).breaches),
    ]


def _events(ledger: Ledger) -> Iterator[str]:
    """I1: what was accepted is there once, as it was sent; and nothing else is."""
    rows = {str(row.pk): row for row in Event.objects.filter(name__startswith="chaos/")}
    for event, (wish, mark) in ledger.accepted.items():
        if event not in rows:
            yield f"lost: event {event} of {wish.id}"
        elif digest(rows[event].value) != mark:
            yield f"altered: event {event} of {wish.id}"
    for event in rows.keys() - ledger.accepted.keys():
        yield f"doubled: event {event} was not accepted"


def _runs(ledger: Ledger) -> Iterator[str]:
    """I2, I5: one run for each event, that has ended as it should."""
    runs = defaultdict(list)
    for run in Run.objects.filter(parent=None).exclude(function__startswith="chaos-tick"):
        runs[str(run.event_id)].append(run)
    effects = Counter(
        name.partition(" ")[0] for name in Group.objects.values_list("name", flat=True)
    )
    for event, (wish, _) in ledger.accepted.items():
        if len(runs[event]) != (wish.kind != "answer"):
            yield f"event {event} of {wish.id} has {len(runs[event])} runs"
        for run in runs[event]:
            if run.ended and (said := _problem(run, wish, ledger)):
                yield f"run {run.pk} of {wish.id}: {said}"
            if effects[str(run.pk)] != (wish.kind == "atomic"):
                yield f"doubled: {effects[str(run.pk)]} atomic effects of run {run.pk}"


def _problem(run: Run, wish: Wish, ledger: Ledger) -> str:
    if wish.kind == "poison":
        name = (run.failure or {}).get("name")
        return "" if name == "WorkerLost" else f"{run.status} {name}"
    if wish.kind == "cancelled" and run.status == "cancelled":
        return ""
    if wish.number in ledger.ended:
        return f"was cancelled, and is {run.status}"
    if run.status != "completed":
        return f"{run.status} {run.failure} {run.reason}"
    wanted: list[Any] = RETURNED.get(wish.kind, [[wish.number, "a"]])
    return "" if run.result in wanted else f"returned {str(run.result)[:100]}, not {wanted[0]}"


def _early(journal: Journal) -> Iterator[str]:
    """I17, I18: sleeps and time-outs, by the clocks of the database and of the journal."""
    ends = Step.objects.annotate(took=F("ended") - F("started"))
    for name, least, op in (("nap", NAP, "sleep"), ("wait", GIVEN_UP, "wait")):
        rows = ends.filter(name=name, status="done", op=op)
        if op == "wait":
            rows = rows.filter(run__function="chaos-forsaken")
        for step in rows:
            if step.took.total_seconds() < least:
                yield f"early: {name} of run {step.run_id} took {step.took}"
    first: dict[tuple[str, str], float] = {}
    for at, of, name in list(journal.lines):
        first.setdefault((of, name), at)
    for run in Run.objects.filter(function="chaos-sleeping", status="completed"):
        between = first[str(run.pk), "b"] - first[str(run.pk), "a"]
        if between < NAP:
            yield f"early: run {run.pk} went on after {between} s, says the journal"


def _after_cancel(ledger: Ledger, journal: Journal) -> Iterator[str]:
    """I25: after the cancel at most the body comes to its end that had been begun, and records nothing."""
    runs = Run.objects.filter(function="chaos-cancelled", status="cancelled").select_related(
        "event"
    )
    for run in runs:
        if run.steps.filter(status="done", ended__gt=run.ended).exists():
            yield f"run {run.pk} recorded a step after its cancel"
        data: Any = run.event.value if run.event else {}
        since = ledger.ended.get(data.get("key"))
        if since is None:
            continue
        after = [step for at, of, step in list(journal.lines) if of == str(run.pk) and at > since]
        if len(after) > 1:
            yield f"run {run.pk} began {after} after its cancel"


def _bodies(journal: Journal) -> Iterator[str]:
    """I14: a body that kills its process is not begun for ever."""
    poisoned = {str(pk) for pk in _of("chaos-poison").values_list("pk", flat=True)}
    for (run, step), times in journal.times().items():
        if run in poisoned and times > MAX_CRASHES:
            yield f"the body {step} of run {run} killed {times} processes\n{audit.of(run)}"


def _ticks() -> Iterator[str]:
    """I19: one run for each minute; those that passed while nobody could be asked are not made up for."""
    for number in range(CRONS):
        ticks = list(_of(f"chaos-tick-{number}").values_list("event__ts", flat=True))
        if len(ticks) != len(set(ticks)):
            yield f"doubled: ticks of {number}: {sorted(ticks)}"
        if missed(ticks) > _PASSED_OVER:
            yield f"lost: ticks of {number}: {sorted(ticks)}"


def missed(ticks: list[datetime]) -> int:
    """Count the minutes between the first and the last tick that have none."""
    if not ticks:
        return 0
    minutes = round((max(ticks) - min(ticks)).total_seconds() / _MINUTE) + 1
    return minutes - len(set(ticks))


def passed_over() -> int:
    """Count the ticks that nobody could see come."""
    functions = [_of(f"chaos-tick-{number}") for number in range(CRONS)]
    return sum(missed(list(ticks.values_list("event__ts", flat=True))) for ticks in functions)


def _stuck() -> Iterator[str]:
    for row in Run.objects.filter(ended=None).values_list("pk", "function", "status", "reason"):
        yield f"stuck: {row}"
    for event in Event.objects.filter(route_at__isnull=False):
        yield f"stuck: event {event.pk} was not handed out"


def _of(function: str) -> Any:
    return Run.objects.filter(function=function)


def again(journal: Journal) -> tuple[int, int]:
    """Return how many bodies were begun again without being asked to, and in how many runs."""
    kinds = dict(Run.objects.values_list("pk", "function"))
    functions = {str(pk): function.removeprefix("chaos-") for pk, function in kinds.items()}
    more: Counter[str] = Counter()
    for (run, step), times in journal.times().items():
        kind = functions.get(run, "")
        if kind != "poison":
            more[run] += times - 1 - (FAILING.get(kind, 0) if step == "a" else 0)
    return more.total(), sum(count > 0 for count in more.values())
