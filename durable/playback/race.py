"""Races: the first branch to finish decides, and that it did is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from durable.playback.cursor import Intent
from durable.playback.interrupt import Blocked, Parked, Stepped
from durable.playback.request import ParallelMode, Request, Work
from durable.playback.tape import Tape
from durable.playback.waves import Branches, Group


def decision(tape: Tape) -> Request:
    """Return the step that remembers who won the race that begins here."""
    request = tape.request("race", Work(int, op="race"), is_own=True)
    return replace(request, mode=ParallelMode.RACE)


def prefix(request: Request) -> str:
    """Return how the names of a race's branches begin: those of no other group do."""
    return f"r{request.index}."


def winner(request: Request, number: int) -> Request:
    """Return the decision, with a body that says who won."""
    return replace(request, what=Work(int, (number,), op="race"))


class Race(Group):
    """A race during one call of a sync function.

    Until it is decided it is a group in RACE. Then the function is called again, and calls the winner
    alone, as every later call will.
    """

    title = "group.race"

    def __init__(self, tape: Tape, branches: Branches) -> None:
        super().__init__(tape, branches, ParallelMode.RACE)
        self.request = decision(tape)
        self.prefix = prefix(self.request)

    def _drive(self) -> Any:
        if (number := self._decided()) is not None:
            return self._go_on_with(number)
        ends, requests = self._look()
        if ends:
            self._decide(ends)
            raise Stepped
        self.tape.performer.settle(requests, self._run_targets)
        raise Stepped

    def _report(self) -> Any:
        if (number := self._decided()) is not None:
            return self._go_on_with(number)
        ends, requests = self._look()
        if not ends or self.tape.targets is not None:
            raise Blocked(requests)
        end = ends[self._decide(ends)]
        if isinstance(end, Exception):
            raise end
        return end[0]

    def _serve_targets(self) -> Any:
        """Run the targets that stand here. Only who drives the run may decide a race."""
        if (number := self._decided()) is not None:
            return self._go_on_with(number)
        holding = self._holding_branches()
        errors: list[Exception] = []
        for number in range(len(self.branches)):
            try:
                self._call(number, Intent.TARGET)
            except Exception as error:  # noqa: BLE001 - raised below
                errors += [error] if number in holding else []
        if errors:
            raise errors[0]
        raise Blocked

    def _decided(self) -> int | None:
        memo = self.tape.recall(self.request, self.parent)
        return None if memo is None else int(memo.value())

    def _go_on_with(self, number: int) -> Any:
        if self.tape.targets is None:
            self._abandon_all_but(number)
        value, requests = self._call(number, self.parent.intent)
        if self.ends[number].interrupt is not None:
            raise Blocked(requests)
        return value

    def _abandon_all_but(self, number: int) -> None:
        if self.tape.opened:
            for loser in range(len(self.branches)):
                if loser != number:
                    path = self.parent.path(self.child(loser))
                    self.tape.abandon(self.tape.opened_below.get(path, ()))

    def _look(self) -> tuple[dict[int, tuple[Any] | Exception], list[Request]]:
        """Call all branches; return how those ended that have finished, and what the others need."""
        ends: dict[int, tuple[Any] | Exception] = {}
        requests: list[Request] = []
        for number in range(len(self.branches)):
            try:
                value, asked = self._call(number, Intent.DISCOVER)
            except Exception as error:  # noqa: BLE001 - who fails first has finished first
                ends[number] = error
                continue
            requests += asked
            if self.ends[number].interrupt is None:
                ends[number] = (value,)
        return ends, requests

    def _decide(self, numbers: Iterable[int]) -> int:
        """Remember who was first; return who is remembered."""
        number = min(numbers, key=lambda n: (self.ends[n].latest, n))
        request = winner(self.request, number)
        self.tape.performer.admit([request])
        answer = self.tape.performer.perform(request, partial(self.tape.run, request))
        if isinstance(answer, Parked):
            raise answer
        self.tape.learn([answer])
        self.tape.decisions += 1
        number = int(answer.value())
        self._abandon_all_but(number)
        return number
