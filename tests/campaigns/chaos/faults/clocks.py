"""C7: clocks that are wrong, and jump."""

from __future__ import annotations

from tests.campaigns.chaos.scene import ImpossibleError, Scene

HOUR = 3600


def jump(scene: Scene) -> None:
    """Set the clock of one machine to another time."""
    node = scene.node()
    if node.skew is None:
        raise ImpossibleError
    seconds = scene.draw.choice((-HOUR, -120, 0, 120, HOUR))
    node.set_clock(seconds)
    scene.note("jump of a clock", f"of machine {node.number} to {seconds:+} s")
