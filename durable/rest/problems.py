"""What goes wrong, as problem details (RFC 9457) with a stable `code`. Never an echo of the body."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from durable import errors
from durable.access.keys import KeyInvalidError

CONTENT_TYPE = "application/problem+json"

TITLES: Mapping[str, str] = {
    "malformed_json": "The body is not JSON.",
    "unauthenticated": "Credentials are missing or not good.",
    "forbidden": "The credentials do not allow this.",
    "not_found": "There is no such thing here.",
    "method_not_allowed": "The address does not know this method.",
    "not_acceptable": "The answer cannot be given in that form.",
    "in_flight": "A request with this Idempotency-Key is being worked on.",
    "conflict": "It is not in a state in which this can be done.",
    "event_conflict": "An event with this id has another content.",
    "too_large": "The body is too large.",
    "unsupported_media_type": "The body must be JSON in UTF-8, as it is.",
    "invalid": "The request does not say what is needed.",
    "invalid_text": "A text holds a NUL character or half of a surrogate pair.",
    "too_deep": "The body is nested too deeply.",
    "duplicate_key": "An object has a key twice.",
    "unknown_field": "A field is not known.",
    "time_out_of_range": "A time is too far away.",
    "key_reused": "The Idempotency-Key was used for another request.",
    "no_keys": "The site has no keys: nobody is let in.",
    "throttled": "Too many requests.",
    "unavailable": "The database does not answer.",
}


class Problem(exceptions.APIException):
    """Raise it in a view: the answer is an object with `code`, and what else is given.

    Args:
        status: of HTTP.
        code: one of `TITLES`.
        detail: a sentence that says where and what to do; no part of the body.
        more: further members of the answer, `errors` for example.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or TITLES[code], code)
        self.status_code = status
        self.code = code
        self.more = more or {}
        self.headers = headers or {}


class ProblemResponse(Response):
    """An answer of this kind: its content type is told when it is known that it becomes JSON."""


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer for an exception, the way Django REST framework asks for it.

    None for an error that nobody foresaw: Django answers it, and reports it.
    """
    problem = problem_of(error)
    if problem is None:
        return None
    set_rollback()
    body = {
        "type": f"urn:durable:problem:{problem.code}",
        "title": TITLES[problem.code],
        "status": problem.status_code,
        "code": problem.code,
        "detail": str(problem.detail),
        **problem.more,
    }
    return ProblemResponse(body, status=problem.status_code, headers=dict(problem.headers))


def problem_of(error: Exception) -> Problem | None:
    """Return the problem that an exception is for who asked, or None if nobody foresaw it."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Http404):
        return Problem(404, "not_found")
    if isinstance(error, PermissionDenied):
        return Problem(403, "forbidden")
    if isinstance(error, OperationalError | InterfaceError):
        return Problem(503, "unavailable", headers={"Retry-After": "5"})
    if isinstance(error, errors.DurableError):
        return _of_durable(error)
    return _of_framework(error) if isinstance(error, exceptions.APIException) else None


def _of_durable(error: errors.DurableError) -> Problem | None:
    missing = errors.RunNotFoundError | errors.FunctionNotFoundError | errors.StepNotFoundError
    if isinstance(error, missing):
        return Problem(404, "not_found")
    if isinstance(error, errors.RunStateError):
        return Problem(409, "conflict", str(error))
    if isinstance(error, errors.LimitExceededError):
        return Problem(413, "too_large", f"It exceeds DURABLE[{error.setting!r}].")
    if isinstance(error, errors.OutputUnserializableError):
        return Problem(422, "invalid", f"There is no JSON for what is at {error.path}.")
    if isinstance(error, KeyInvalidError):
        return Problem(422, "invalid", str(error))
    if isinstance(error, errors.EventInvalidError):
        return Problem(422, "invalid", f"The field {error.field!r} of an event is not good.")
    return None


_CODES = {
    400: "malformed_json",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "throttled",
}


def _of_framework(error: exceptions.APIException) -> Problem | None:
    if isinstance(error, exceptions.ValidationError):
        return Problem(422, "invalid", more={"errors": error.detail})
    code = _CODES.get(error.status_code)
    if code is None:
        return None
    return Problem(error.status_code, code, headers=_headers(error))


def _headers(error: exceptions.APIException) -> dict[str, str]:
    found = {}
    if challenge := getattr(error, "auth_header", None):
        found["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        found["Retry-After"] = str(max(1, ceil(wait)))
    return found
