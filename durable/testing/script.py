"""The stubs and kills of one test, as the engine asks for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from durable.playback.request import Request
from durable.testing.kill import Kill
from durable.testing.stub import Stub


@dataclass(slots=True)
class Script:
    """A prompter that follows lists."""

    stubs: list[Stub] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)

    def asked(self, function: str, request: Request) -> Request:
        """Tell the engine what is to be done for a step call."""
        for stub in reversed(self.stubs):
            if stub.is_for(function, request):
                request = stub.instead_of(request)
                break
        for kill in self.kills:
            if kill.is_for(function, request):
                request = kill.armed(request)
        return request

    def recorded(self, function: str, request: Request) -> None:
        """Hear from the engine that something was recorded."""
        for kill in self.kills:
            if kill.point == "after_record" and kill.is_for(function, request):
                kill.strike()
