"""Assertions on what happened, with messages that list it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.engine.call import events_of
from durable.models import Event as EventRow
from durable.models import Run
from durable.store import get_store
from durable.testing.info import RunInfo, StepInfo, run_info

Which = RunInfo | Run | UUID | str


class Assertions:
    """What a test may claim of runs, steps and events. `run` is what `run()` returned, or an id.

    What `run()` itself sent and started does not count as sent and started.
    """

    def __init__(self) -> None:
        self._own_runs: set[UUID] = set()
        self._own_events: set[UUID] = set()

    def _note(self, run: Run) -> Run:
        """Leave out what `run()` started, and what it did so by."""
        self._own_runs.add(run.pk)
        if run.event_id is not None:
            self._own_events.add(run.event_id)
        return run

    def get(self, run: Which) -> RunInfo:
        """Look at a run as it is now."""
        return run_info(run)

    def assert_step_ran(self, run: Which, step: str, *, times: int | None = None) -> None:
        """Claim that the body of a step, or its stub, ran.

        Args:
            run: whose step it is.
            step: its id, which stands for all its repetitions, in all branches; or "id:1" for one.
            times: how often exactly, tries included; 0 for never. At least once if left out.
        """
        info = run_info(run)
        _compare(
            sum(one.tries for one in info.steps if _is_called(one, step)),
            times,
            what=f"step {step!r} to have run",
            happened=str(info),
        )

    def assert_event_sent(
        self, name: str, data: Mapping[str, Any] | None = None, *, times: int | None = None
    ) -> list[Event]:
        """Claim that an event was sent, by a function or by the code under test.

        Args:
            name: of the event.
            data: which its data contain, nested dicts likewise.
            times: how many exactly; at least one if left out.

        Returns:
            The events.
        """
        sent = [events_of(row)()[0] for row in self._events()]
        found = [one for one in sent if one.name == name and contains(one.data, data or {})]
        wanted = f"event {name!r} to have been sent" + (f" with {data!r}" if data else "")
        _compare(
            len(found),
            times,
            what=wanted,
            happened=_listed("sent", [f"{one.name} {dict(one.data)!r}" for one in sent]),
        )
        return found

    def assert_run_started(
        self,
        function: Function | str,
        data: Mapping[str, Any] | None = None,
        *,
        times: int | None = None,
    ) -> list[RunInfo]:
        """Claim that a function was started, by an event or another function.

        Args:
            function: it, or its id.
            data: which its event's data contain, nested dicts likewise.
            times: how many runs exactly; at least one if left out.

        Returns:
            The runs as they are now, the oldest first.
        """
        fn_id = function.id if isinstance(function, Function) else function
        runs = Run.objects.using(get_store().alias).exclude(pk__in=self._own_runs)
        runs = runs.filter(step="").order_by("created", "pk")
        started = [run_info(pk) for pk in runs.values_list("pk", flat=True)]
        found = [
            one
            for one in started
            if one.function == fn_id and contains(one.event.data if one.event else {}, data or {})
        ]
        wanted = f"function {fn_id!r} to have been started" + (f" with {data!r}" if data else "")
        _compare(
            len(found),
            times,
            what=wanted,
            happened=_listed("started", [f"{one.function} by {one.event}" for one in started]),
        )
        return found

    def assert_waiting(self, run: Which, step: str | None = None) -> StepInfo:
        """Claim that a run rests at a step: a sleep, a wait, another function, or a next try.

        Args:
            run: it.
            step: id of the step; any if left out.

        Returns:
            The step.
        """
        info = run_info(run)
        resting = [one for one in info.steps if one.is_open and not info.is_final]
        found = [one for one in resting if step is None or _is_called(one, step)]
        if not found:
            where = "a step" if step is None else f"step {step!r}"
            raise AssertionError(f"expected the run to wait at {where}, but\n{info}")
        return found[0]

    def _events(self) -> Iterable[EventRow]:
        rows = EventRow.objects.using(get_store().alias).exclude(pk__in=self._own_events)
        return rows.order_by("received", "pk")


def contains(data: Any, wanted: Any) -> bool:
    """Whether data has all that is wanted: of a mapping each key, of the rest the same."""
    if isinstance(wanted, Mapping) and isinstance(data, Mapping):
        return all(key in data and contains(data[key], part) for key, part in wanted.items())
    return bool(data == wanted)


def _is_called(info: StepInfo, step: str) -> bool:
    return step in (info.id, info.name)


def _compare(count: int, times: int | None, *, what: str, happened: str) -> None:
    if count == times or (times is None and count):
        return
    often = {None: "", 0: " never", 1: " once"}.get(times, f" {times} times")
    raise AssertionError(f"expected {what}{often}; counted: {count}\n{happened}")


def _listed(verb: str, lines: Collection[str]) -> str:
    return "\n".join([f"{verb}:", *(f"  {line}" for line in lines or ["nothing"])])
