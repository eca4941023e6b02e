"""C8: the broker loses messages, gives them out twice, or cannot read them any more."""

from __future__ import annotations

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from durable.q2.hints import package
from tests.campaigns.chaos.scene import ImpossibleError, Scene

COPIES = 20


def wipe(scene: Scene) -> None:
    """Lose all messages."""
    OrmQ.objects.all().delete()
    if scene.redis is not None:
        scene.redis.wipe()
    scene.note("wipe of the broker")


def double(scene: Scene) -> None:
    """Give out the same message many times."""
    row = {"key": Conf.PREFIX, "payload": package(), "lock": timezone.now()}
    OrmQ.objects.bulk_create([OrmQ(**row) for _ in range(COPIES)])
    scene.note("message given out 20 times")


def change_key(scene: Scene) -> None:
    """Restart a machine with another SECRET_KEY, so that it cannot read what others have signed."""
    node = scene.node()
    node.environment["DURABLE_CHAOS_SECRET"] = f"key {scene.draw.random()}"
    node.cluster.terminate()
    scene.note("SECRET_KEY changed", f"on machine {node.number}")


def restart(scene: Scene) -> None:
    """Have the broker's server fall, and start it anew, empty."""
    if scene.redis is None:
        raise ImpossibleError
    scene.redis.restart()
    scene.note("crash of the Redis broker")
