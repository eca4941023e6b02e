"""`Idempotency-Key`: a request that is sent again is answered as it was the first time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from hashlib import sha256

from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.response import Response

from durable.access import receipts
from durable.operations.receipt import with_receipt
from durable.rest.base import View
from durable.rest.body import raw_body
from durable.rest.problems import Problem
from durable.store import Store, get_store

HEADER = "Idempotency-Key"
PATIENCE = 5.0  # seconds in which a database may come back while a client waits
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def once(view: View, work: Callable[[], Response], *, is_careful: bool = False) -> Response:
    """Do the work of a request in a transaction, once for its Idempotency-Key if it has one.

    Args:
        view: that answers the request.
        work: may be repeated while the database is the trouble. What it answers is kept for a day; what
            it raises is not, and then nothing was done.
        is_careful: it opens its own transaction where there is none, and finds what it did there before.

    Raises:
        Problem: 409, the first request with this key is being worked on; 422, it was another one, or
            the key is none.
    """
    key = view.request.headers.get(HEADER)
    if key is None:
        return work() if is_careful else with_receipt(get_store(), work, PATIENCE)
    if not _KEY.fullmatch(key):
        raise Problem(422, "invalid", f"{HEADER} must have 1 to 255 visible ASCII characters.")
    try:
        return _once(view, key, work)
    except receipts.InFlightError:
        raise Problem(409, "in_flight", headers={"Retry-After": "1"}) from None
    except receipts.ReusedError:
        raise Problem(422, "key_reused") from None


def _once(view: View, key: str, work: Callable[[], Response]) -> Response:
    store, request = get_store(), view.request
    body = sha256(raw_body(request._request, view.max_body)).hexdigest()
    fingerprint = f"{request.method} {request.get_full_path()} {body}"
    taken = receipts.take(store, f"idempotency\0{view.sender}\0{key}", fingerprint)
    if isinstance(taken, receipts.Answered):
        headers = {"Idempotency-Replayed": "true"}
        return Response(json.loads(taken.body), status=taken.status, headers=headers)
    try:
        return with_receipt(store, partial(_kept, store, work, taken), PATIENCE)
    except BaseException:
        receipts.drop(store, taken)
        raise


def _kept(store: Store, work: Callable[[], Response], held: receipts.Held) -> Response:
    response = work()
    body = json.dumps(response.data, cls=DjangoJSONEncoder)
    answered = receipts.Answered(status=response.status_code, body=body)
    receipts.settle(store, held, answered)
    return response
