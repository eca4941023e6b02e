"""C12: a rolling deploy of changed code, and back: for a while both releases are at work."""

from __future__ import annotations

from functools import partial

from tests.campaigns.chaos.nodes import Node
from tests.campaigns.chaos.scene import Scene

BETWEEN = 5.0  # seconds between two machines


def deploy(scene: Scene, release: str) -> None:
    """Restart one machine after the other with a release."""
    scene.note("rolling deploy", f"of release {release}")
    for place, node in enumerate(scene.nodes):
        scene.later(BETWEEN * place, partial(_restart, node, release))


def _restart(node: Node, release: str) -> None:
    node.environment["DURABLE_CHAOS_RELEASE"] = release
    node.cluster.terminate()
