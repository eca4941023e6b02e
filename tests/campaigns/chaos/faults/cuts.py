"""C6: the network between a cluster and the database fails."""

from __future__ import annotations

from tests.campaigns.chaos.scene import ImpossibleError, Scene

WORDS = {
    "cut": "connections reset",
    "hole": "connections black-holed",
    "half": "connections half-open",
    "slow": "network 200 ms slower",
}
SECONDS = 6.0  # of slowness, and of new connections that lead nowhere


def fail(scene: Scene) -> None:
    """Strike some or all connections of one machine."""
    if scene.network is None:
        raise ImpossibleError
    word, share = scene.draw.choice(list(WORDS)), scene.draw.choice((0.3, 1.0))
    node = scene.node()
    struck = scene.network.order(word, node.number, share, SECONDS)
    scene.note(WORDS[word], f"of machine {node.number}: {struck}")
