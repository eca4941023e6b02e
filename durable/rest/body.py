"""The bytes of a request, and the problem where there are too many or too few of them."""

from __future__ import annotations

from django.http import HttpRequest

from durable.access.body import BodyBrokenError, BodyTooLargeError, body_of
from durable.rest.problems import Problem


def raw_body(request: HttpRequest, limit: int) -> bytes:
    """Return the body, which is read once.

    Raises:
        Problem: 413, it has more than `limit` bytes; 400, it does not come to its end.
    """
    try:
        return body_of(request, limit)
    except BodyTooLargeError:
        raise Problem(413, "too_large", f"The body may have {limit:,} bytes.") from None
    except BodyBrokenError:
        raise Problem(400, "malformed_json", "The body does not come to its end.") from None
