"""Where sources send to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from durable.access.body import BodyBrokenError, BodyTooLargeError, body_of
from durable.conf import conf
from durable.webhooks.delivery import Delivery
from durable.webhooks.intake import take
from durable.webhooks.refused import RefusedError
from durable.webhooks.source import find

V = TypeVar("V", bound=Callable[..., HttpResponse])

logger = logging.getLogger("durable.webhooks")


def _on_its_own(view: V) -> V:
    for alias in settings.DATABASES:
        view = transaction.non_atomic_requests(alias)(view)
    return view


# Outside of ATOMIC_REQUESTS: that it was stored is answered after the commit, and a database that was
# busy is asked again.
@csrf_exempt
@login_not_required
@_on_its_own
def receive(request: HttpRequest, source: str) -> HttpResponse:
    """Take a delivery: 200 with the ids of its events, once they are committed."""
    try:
        return JsonResponse(_taken(request, source))
    except RefusedError as error:
        logger.warning("webhook %r refused: %s", source, error.code, extra={"webhook": source})
        return _problem(error)


def _taken(request: HttpRequest, name: str) -> dict[str, object]:
    if request.method != "POST":
        raise RefusedError(405, "method_not_allowed", "Send a POST request.")
    if name not in conf.WEBHOOKS:
        raise RefusedError(404, "not_found", "There is no such source.")
    source = find(name)
    if source is None:
        raise RefusedError(503, "unavailable", "The source is not configured.")
    headers = {key.lower(): value for key, value in request.headers.items()}
    return dict(take(source, Delivery(source=name, headers=headers, body=_body(request))))


def _body(request: HttpRequest) -> bytes:
    """Read the bytes, and no more of them than are allowed."""
    most = conf.MAX_EVENT_BYTES
    try:
        return body_of(request, most)
    except BodyBrokenError:
        raise RefusedError(400, "malformed_json", "The body did not come to its end.") from None
    except BodyTooLargeError:
        text = f"The most is {most} bytes (DURABLE['MAX_EVENT_BYTES'])."
        raise RefusedError(413, "too_large", text) from None


def _problem(error: RefusedError) -> HttpResponse:
    body = {
        "type": f"urn:durable:problem:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
    response = JsonResponse(body, status=error.status, content_type="application/problem+json")
    if error.status == 405:
        response["Allow"] = "POST"
    return response
