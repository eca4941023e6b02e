"""What the site says about webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register

from durable.checks.site import TAG, sound
from durable.conf import conf
from durable.webhooks.source import complaints, lacks_secret


@register(TAG)
def check_webhooks(**kwargs: Any) -> list[CheckMessage]:
    """Each source is sound, and has a secret."""
    return list(_found()) if sound() else []


def _found() -> Iterator[CheckMessage]:
    for name, given in conf.WEBHOOKS.items():
        for text in complaints(name, given):
            hint = (
                "The page docs/howto/webhooks.md shows one. Until then its deliveries are refused."
            )
            yield Error(text, hint=hint, id="durable.E030")
        if lacks_secret(given):
            text = f"DURABLE['WEBHOOKS'][{name!r}] has no secret: all its deliveries are refused."
            hint = "Give SECRETS the secret that the service shows, read from the environment."
            yield Error(text, hint=hint, id="durable.E031")
