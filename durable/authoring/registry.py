"""The functions of a site, by id and by the events that start them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from durable.authoring.function import Function
from durable.authoring.trigger import TriggerEvent
from durable.errors import FunctionNotFoundError


@dataclass(slots=True)
class Registry:
    """Filled while modules are imported; read by senders and workers."""

    functions: dict[str, Function] = field(default_factory=dict)
    duplicates: list[tuple[Function, Function]] = field(default_factory=list)
    _by_name: dict[str, list[Function]] = field(default_factory=dict)
    _wildcards: list[tuple[TriggerEvent, Function]] = field(default_factory=list)

    def add(self, function: Function) -> None:
        """Register a function. A second one with the same id is kept out, and reported by a check."""
        first = self.functions.setdefault(function.id, function)
        if first is not function:
            if first.place != function.place:
                self.duplicates.append((first, function))
            return
        for trigger in function.triggers:
            if isinstance(trigger, TriggerEvent) and trigger.is_wildcard:
                self._wildcards.append((trigger, function))
            elif isinstance(trigger, TriggerEvent):
                self._by_name.setdefault(trigger.event, []).append(function)

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
                "renamed, or its module is not imported."
            ) from None

    def started_by(self, name: str) -> list[Function]:
        """Return the functions an event of this name starts, each once."""
        found = dict.fromkeys(self._by_name.get(name, ()))
        found |= dict.fromkeys(f for trigger, f in self._wildcards if trigger.matches(name))
        return list(found)

    def __iter__(self) -> Iterator[Function]:
        return iter(self.functions.values())

    def snapshot(self) -> Registry:
        """Return a copy, to be restored after a test."""
        return Registry(
            dict(self.functions),
            list(self.duplicates),
            {name: list(functions) for name, functions in self._by_name.items()},
            list(self._wildcards),
        )

    def restore(self, snapshot: Registry) -> None:
        """Become what the snapshot was."""
        copy = snapshot.snapshot()
        self.functions, self.duplicates = copy.functions, copy.duplicates
        self._by_name, self._wildcards = copy._by_name, copy._wildcards


registry = Registry()
