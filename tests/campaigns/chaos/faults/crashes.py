"""C3: the database's server falls, and is away for a while."""

from __future__ import annotations

from tests.campaigns.chaos.scene import ImpossibleError, Scene
from tests.campaigns.chaos.server import Server

OUTAGE = 60.0  # seconds


def crash(scene: Scene) -> None:
    """Have it start anew from its log."""
    away = _server(scene).crash()
    scene.note("crash of the database, with a restart")
    scene.recovery.restart(away)


def outage(scene: Scene) -> None:
    """Have it be away for a minute."""
    server = _server(scene)
    scene.note(f"outage of the database, of {OUTAGE:.0f} s")
    scene.aside(lambda: scene.recovery.restart(server.be_away(OUTAGE)))


def _server(scene: Scene) -> Server:
    if scene.server is None:
        raise ImpossibleError
    return scene.server
