"""How the services sign, and where they put the id and the kind of what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from durable.webhooks import signature
from durable.webhooks.delivery import Delivery
from durable.webhooks.signature import Verify

CustomVerify = Callable[[Delivery, Sequence[str]], bool]


def _is_no_greeting(delivery: Delivery) -> Mapping[str, str] | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One service's way."""

    verify: Verify
    id_of: Callable[[Delivery], str]  # the same when it is delivered again
    kind_of: Callable[[Delivery], str]  # the second part of the event's name
    # What to answer when it only asks whether somebody is there
    greeting_of: Callable[[Delivery], Mapping[str, str] | None] = _is_no_greeting


def _slack_kind(delivery: Delivery) -> str:
    return delivery.field("event", "type") or delivery.field("type") or "command"


def _slack_id(delivery: Delivery) -> str:
    return delivery.field("event_id") or delivery.field("trigger_id")


def _slack_greeting(delivery: Delivery) -> Mapping[str, str] | None:
    if delivery.field("type") != "url_verification":
        return None
    return {"challenge": delivery.field("challenge")}


SCHEMES: Mapping[str, Scheme] = {
    "github": Scheme(
        verify=signature.github,
        id_of=lambda delivery: delivery.header("x-github-delivery"),
        kind_of=lambda delivery: delivery.header("x-github-event"),
    ),
    "stripe": Scheme(
        verify=signature.stripe,
        id_of=lambda delivery: delivery.field("id"),
        kind_of=lambda delivery: delivery.field("type"),
    ),
    "slack": Scheme(
        verify=signature.slack,
        id_of=_slack_id,
        kind_of=_slack_kind,
        greeting_of=_slack_greeting,
    ),
    "standard": Scheme(
        verify=signature.standard,
        id_of=lambda delivery: delivery.header("webhook-id"),
        kind_of=lambda delivery: delivery.field("type") or "received",
    ),
}


def custom(verify: CustomVerify) -> Scheme:
    """Make a scheme of a site's own function, which is given the delivery and the secrets."""
    return Scheme(
        verify=lambda delivery, secrets, now: verify(delivery, secrets) is True,
        id_of=lambda delivery: "",
        kind_of=lambda delivery: delivery.field("type") or "received",
    )
