"""The functions of a site, by id, by the events and by the cron lines that start them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from durable.authoring.function import Function
from durable.authoring.trigger import TriggerCron, TriggerEvent
from durable.errors import FunctionNotFoundError

_OWN = f"{__name__.partition('.')[0]}.own."  # where durable's own functions are


def _is_own(function: Function) -> bool:
    return function.handler.__module__.startswith(_OWN)


@dataclass(slots=True)
class Registry:
    """Filled while modules are imported; read by senders and workers."""

    functions: dict[str, Function] = field(default_factory=dict)
    duplicates: list[tuple[Function, Function]] = field(default_factory=list)
    crons: dict[tuple[str, str], TriggerCron] = field(default_factory=dict)  # by function and line
    _by_name: dict[str, list[tuple[TriggerEvent, Function]]] = field(default_factory=dict)
    _wildcards: list[tuple[TriggerEvent, Function]] = field(default_factory=list)

    def add(self, function: Function) -> None:
        """Register a function. A second one with the same id is kept out, and reported by a check.

        Its handler of failures is known by its id, and started by no event but those of the function.
        """
        if not self._keep(function):
            return
        if function.on_failure is not None:
            self._keep(function.on_failure)
        for trigger in function.triggers:
            if isinstance(trigger, TriggerCron):
                self.crons.setdefault((function.id, trigger.line.text), trigger)
            elif trigger.is_wildcard:
                self._wildcards.append((trigger, function))
            else:
                self._by_name.setdefault(trigger.event, []).append((trigger, function))

    def _keep(self, function: Function) -> bool:
        first = self.functions.get(function.id)
        if first is None:
            self.functions[function.id] = function
        elif first.place != function.place:
            self.duplicates.append((first, function))
        return first is None

    def get(self, function_id: str) -> Function:
        """Return a function.

        Raises:
            FunctionNotFoundError: no module that was imported defines it.
        """
        try:
            return self.functions[function_id]
        except KeyError:
            raise FunctionNotFoundError(
                f"No function {function_id!r} is registered in this process. It was removed or "
                f"renamed, or its module is not imported.{self.guess(function_id)}"
            ) from None

    def guess(self, function_id: str) -> str:
        """Return a sentence that names the function most like one that is unknown, if one is like it."""
        likely = get_close_matches(function_id, [one.id for one in self.of_site], n=1)
        return f" Did you mean {likely[0]!r}?" if likely else ""

    def get_of_site(self, function_id: str) -> Function:
        """Return a function that may be started by its id: durable's own are not, they are asked.

        Raises:
            FunctionNotFoundError: no module that was imported defines it, or it is durable's own.
        """
        function = self.get(function_id)
        if _is_own(function):
            raise FunctionNotFoundError(
                f"Function {function_id!r} is durable's own, and is started by durable only."
            )
        return function

    def is_own(self, function_id: str) -> bool:
        """Whether a function is durable's own: what it does was allowed to who asked for it."""
        return function_id in self.functions and _is_own(self.functions[function_id])

    def listeners(self, name: str) -> list[tuple[TriggerEvent, Function]]:
        """Return the functions that listen to events of this name, with each trigger that says so."""
        wild = [pair for pair in self._wildcards if pair[0].matches(name)]
        return [*self._by_name.get(name, ()), *wild]

    def nearest(self, name: str) -> str | None:
        """Return the event a function names that is most like this one, if one is like it."""
        known = [*self._by_name, *(trigger.event for trigger, _ in self._wildcards)]
        return next(iter(get_close_matches(name, known, n=1)), None)

    @property
    def of_site(self) -> list[Function]:
        """The functions without durable's own."""
        return [one for one in self if not _is_own(one)]

    def __iter__(self) -> Iterator[Function]:
        return iter(self.functions.values())

    def snapshot(self) -> Registry:
        """Return a copy, to be restored after a test."""
        return Registry(
            dict(self.functions),
            list(self.duplicates),
            dict(self.crons),
            {name: list(pairs) for name, pairs in self._by_name.items()},
            list(self._wildcards),
        )

    def restore(self, snapshot: Registry) -> None:
        """Become what the snapshot was."""
        copy = snapshot.snapshot()
        self.functions, self.duplicates = copy.functions, copy.duplicates
        self.crons = copy.crons
        self._by_name, self._wildcards = copy._by_name, copy._wildcards


registry = Registry()
