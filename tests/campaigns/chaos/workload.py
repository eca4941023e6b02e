"""What clients ask for while it burns, and what it must come to."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.db import OperationalError, connection

import durable
from durable.models import Event, Run

# In hundredths, as the mix of a site; bodies of each run without a fault; what it returns.
MIX = {
    "plain": (29, 3, ["a", "b", "c"]),
    "atomic": (20, 2, ["a", "b"]),
    "sleeping": (15, 2, ["a", "b"]),
    "waiting": (15, 1, None),
    "parallel": (10, 5, ["a", "b", "c", "d", "e"]),
    "parent": (5, 1, [["a", "b", "c"], "a"]),
    "shaky": (5, 3, ["a", "b"]),
    "poison": (1, 3, None),
}


@dataclass(slots=True, kw_only=True)
class Workload:
    """A client that asks again until it is answered.

    Args:
        journal: where bodies leave their lines.
        draw: of the mix.
        accepted: kinds of events by the id under which they were accepted.
        owed: answers that waiting runs have not been sent yet.
    """

    journal: str
    draw: random.Random
    accepted: dict[str, str] = field(default_factory=dict)
    owed: list[int] = field(default_factory=list)

    def send(self, number: int) -> None:
        """Send an event of the mix, and one of the answers that are owed; some twice."""
        (kind,) = self.draw.choices(list(MIX), [weight for weight, _, _ in MIX.values()])
        data = {"journal": self.journal, "key": number}
        for _ in range(1 + (self.draw.random() < 0.05)):
            self.accepted[self._ask(f"chaos/{kind}", f"{number}", data)] = kind
        if kind == "waiting":
            self.owed.append(number)
        if self.owed and self.draw.random() < 0.3:
            self.answer()

    def answer(self) -> None:
        """Send one of the answers that are owed."""
        number = self.owed.pop(self.draw.randrange(len(self.owed)))
        self._ask("chaos/answer", f"answer {number}", {"key": number})

    def _ask(self, name: str, id: str, data: dict[str, Any]) -> str:
        while True:
            try:
                (accepted,) = durable.send(durable.Event(name=name, id=id, data=data))
            except OperationalError:
                connection.close()
            else:
                return accepted

    def check(self) -> list[str]:
        """Return what is not as it must be, once all has come to rest."""
        wrong: list[str] = []
        runs = {str(run.event_id): run for run in Run.objects.filter(parent=None)}
        for event, kind in self.accepted.items():
            run = runs.get(event)
            if run is None:
                wrong.append(f"event {event} was lost")
            elif said := _problem(run, kind):
                wrong.append(f"run {run.pk} of {kind}: {said}")
        if len(runs) != len(self.accepted):
            wrong.append(f"{len(self.accepted)} events have {len(runs)} runs")
        if Event.objects.filter(route_at__isnull=False).exists():
            wrong.append("events were not handed out")
        return wrong

    def again(self) -> int:
        """Count the bodies that ran more often than without faults."""
        ran = Counter(line.split()[0] for line in Path(self.journal).read_text().splitlines())
        wanted = sum(MIX[run.function.removeprefix("chaos-")][1] for run in Run.objects.all())
        return ran.total() - wanted


def _problem(run: Run, kind: str) -> str:
    if kind == "poison":
        failed = run.failure or {}
        return "" if failed.get("name") == "WorkerLost" else f"{run.status} {failed.get('name')}"
    if run.status != "completed":
        return f"{run.status} {run.failure} {run.reason}"
    event = run.event
    assert event is not None
    data: Any = event.value
    wanted = [data["key"], "a"] if kind == "waiting" else MIX[kind][2]
    if run.result != wanted:
        return f"returned {run.result}, not {wanted}"
    rows = Group.objects.filter(name__startswith=f"{run.pk} ").count()
    return "" if rows == (kind == "atomic") else f"its atomic effect is there {rows} times"
