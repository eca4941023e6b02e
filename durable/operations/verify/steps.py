"""What is true of every step, and of its failed tries."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q

from durable.models import Attempt, Blob, Run, Step, StepStatus, Wait
from durable.models.status import OPEN_STEP
from durable.operations.verify.invariant import ROUNDING, Invariant, Rows
from durable.operations.verify.paused import is_paused
from durable.operations.verify.repairs import WAKE_STEP
from durable.playback.keys import step_key

_ENDED = (StepStatus.DONE, StepStatus.FAILED)


def _never_due(steps: Rows) -> Rows:
    open_steps = steps.filter(status__in=(StepStatus.PENDING, StepStatus.RUNNING))
    never = open_steps.filter(~is_paused("run__function"), due_at=None, run__ended=None)
    at_work = _children().filter(ended=None).exclude(step="")
    return never.exclude(Exists(at_work), op="child", status=StepStatus.PENDING)


def _without_result(steps: Rows) -> Rows:
    body = Blob.objects.filter(run=OuterRef("run"), key=OuterRef("key"))
    lost = Q(large=False, output=None) | Q(large=True) & ~Exists(body)
    ended = Q(status=StepStatus.DONE) & lost | Q(status=StepStatus.FAILED, error=None)
    return steps.filter(ended, run__erased=None)


def _twice(steps: Rows) -> Rows:
    same = Step.objects.filter(run=OuterRef("run"), key=OuterRef("key"), pk__lt=OuterRef("pk"))
    return steps.filter(Exists(same))


def _misnamed(steps: Rows) -> Rows:
    """Those that a replay would give to another step, or to none."""
    rows = steps.order_by().values_list("pk", "key", "name", "index", "branch")
    wrong = [pk for pk, key, *place in rows.iterator() if not _is_key(key, *place)]
    return steps.filter(pk__in=wrong) if wrong else steps.none()


def _is_key(key: str, name: str, index: int, branch: str) -> bool:
    """Whether a step has this key; those of the engine's own have one that no author can ask for."""
    return key == step_key(name, index, branch) or key == step_key(f"\0{name}", index, branch)


def _without_tries(steps: Rows) -> Rows:
    last = Attempt.objects.filter(
        run=OuterRef("run"), key=OuterRef("key"), number=OuterRef("attempt") - 1
    )
    # What a replay copies has its tries in the run that it was copied from.
    return steps.filter(attempt__gt=0, by__isnull=False).exclude(Exists(last))


def _from_the_future(steps: Rows) -> Rows:
    return steps.filter(Q(by__gt=F("run__claim")) | Q(wave__gt=F("run__wave")))


def _half_ended(steps: Rows) -> Rows:
    ended = Q(status__in=OPEN_STEP, ended=None) | Q(ended__isnull=False)
    held = Q(status=StepStatus.RUNNING) | Q(owner=None)
    return steps.exclude(ended & held & (Q(status__in=OPEN_STEP) | Q(due_at=None)))


def _after_the_end(steps: Rows) -> Rows:
    return steps.filter(status__in=_ENDED, ended__gt=F("run__ended") + ROUNDING)


def _children() -> Rows:
    return Run.objects.filter(parent=OuterRef("run"), parent_key=OuterRef("key"))


def _unheard_child(steps: Rows) -> Rows:
    """Those whose run has ended, or is gone: it begins and ends in one transaction with the step."""
    waiting = steps.filter(op__in=("invoke", "child"), status=StepStatus.PENDING)
    return waiting.exclude(Exists(_children().filter(ended=None)))


def _deaf(steps: Rows) -> Rows:
    waiting = steps.filter(op="wait", status=StepStatus.PENDING)
    return waiting.exclude(Exists(Wait.objects.filter(step=OuterRef("pk"))))


def _skipped(attempts: Rows) -> Rows:
    before = Attempt.objects.filter(
        run=OuterRef("run"), key=OuterRef("key"), number=OuterRef("number") - 1
    )
    return attempts.filter(number__gt=0).exclude(Exists(before))


INVARIANTS = (
    Invariant(
        id="I3",
        says="a planned step that is open comes due at some time, or its own run is at work",
        model=Step,
        broken=_never_due,
        repair=WAKE_STEP,
    ),
    Invariant(
        id="I4",
        says="a step has an end when it has ended, an owner only while it runs, a time only while open",
        model=Step,
        broken=_half_ended,
    ),
    Invariant(
        id="I6",
        says="a step that is done has a result, and one that failed an error",
        model=Step,
        broken=_without_result,
    ),
    Invariant(
        id="I7",
        says="a step is recorded once",
        model=Step,
        broken=_twice,
    ),
    Invariant(
        id="I8",
        says="each failed try that a step counts is in the history",
        model=Step,
        broken=_without_tries,
    ),
    Invariant(
        id="I10",
        says="a step was written under a claim and in a wave that its run has had",
        model=Step,
        broken=_from_the_future,
    ),
    Invariant(
        id="I13",
        says="failed tries are numbered without gaps",
        model=Attempt,
        broken=_skipped,
    ),
    Invariant(
        id="I16",
        says="a step is known by its name, its repeat and its branch",
        model=Step,
        broken=_misnamed,
    ),
    Invariant(
        id="I21",
        says="a step that waits for an event can be found by it",
        model=Step,
        broken=_deaf,
    ),
    Invariant(
        id="I25",
        says="nothing is recorded of a run after its end",
        model=Step,
        broken=_after_the_end,
    ),
    Invariant(
        id="I26",
        says="a step waits for a run it invoked only while that goes on",
        model=Step,
        broken=_unheard_child,
    ),
)
