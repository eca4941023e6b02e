"""How the API is described in OpenAPI 3.1: with drf-spectacular, where that is installed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

from rest_framework.schemas import DefaultSchema
from rest_framework.serializers import BaseSerializer

from durable.rest.shapes.problem import ProblemShape


def _spectacular(module: str) -> Any:
    try:
        return import_module(f"drf_spectacular.{module}")
    except ImportError:  # then nothing is described
        return None


utils = _spectacular("utils")
if utils is not None:
    import_module("durable.rest.openapi_authentication")

Shape = type[BaseSerializer[Any]] | BaseSerializer[Any] | type | Any
V = TypeVar("V", bound=Callable[..., Any])
C = TypeVar("C", bound=type)

PROBLEM = "application/problem+json"
ALWAYS = (401, 403, 429, 503)


def of_schema(schema: Mapping[str, Any]) -> Callable[[C], C]:
    """Describe a kind of field by a schema."""
    if utils is None:
        return lambda kind: kind
    decorate: Callable[[C], C] = utils.extend_schema_field(dict(schema))
    return decorate


def inspector() -> Any:
    """Return what looks at views; the framework's own where drf-spectacular is not installed."""
    return DefaultSchema() if utils is None else _spectacular("openapi").AutoSchema()


def generated(urlconf: str, settings: Mapping[str, Any]) -> Any:
    """Return the description of all addresses; None where drf-spectacular is not installed."""
    if utils is None:
        return None
    with _spectacular("settings").patched_settings(dict(settings)):
        return _spectacular("generators").SchemaGenerator(urlconf=urlconf).get_schema(public=True)


def described(
    summary: str,
    *,
    takes: Shape = None,
    query: Shape = None,
    gives: Mapping[Any, Shape],
    problems: Collection[int] | None = (),
    examples: Mapping[str, Any] | None = None,
    path: Mapping[str, Any] | None = None,
    headers: Sequence[str] = (),
    **more: Any,
) -> Callable[[V], V]:
    """Describe one action of a view.

    Args:
        summary: what it does, in a few words; with underscores it is the name for programs, so no two
            may be alike. The docstring says the rest.
        takes: what its body has to look like; None if it has none.
        query: what its query parameters are.
        gives: what answers look like, by status, or by status and media type; None for one without
            a body.
        problems: statuses of problems that it may answer with, besides those of every view and those
            that come of what it is given; None if it tells of errors in another way.
        examples: bodies by name; the name of one that is sent ends in "request", that of one that is not
            JSON is its media type.
        path: types of the parts of the address, `uuid.UUID` for example.
        headers: of the request, that the caller may give.
        more: what `extend_schema` takes besides.
    """
    if utils is None:
        return lambda view: view
    parameters = [query] if query is not None else []
    parameters += [_parameter(name, kind, "path") for name, kind in (path or {}).items()]
    parameters += [_parameter(name, str, "header", required=False) for name in headers]
    usual = _usual(takes, query, path)
    extend: Callable[[V], V] = utils.extend_schema(
        operation_id=re.sub("[^a-z0-9]+", "_", summary.lower()),
        summary=summary,
        request=takes,
        parameters=parameters,
        responses=_responses(gives, problems if problems is None else {*problems, *usual}),
        examples=[_example(name, value) for name, value in (examples or {}).items()],
        **more,
    )
    return lambda view: extend(_inspected(view))


def _inspected(view: V) -> V:
    """Have a view looked at by drf-spectacular whatever the site has chosen for its own views."""
    if not hasattr(view, "schema"):
        view.schema = _spectacular("openapi").AutoSchema  # type: ignore[attr-defined]
    return view


def _parameter(name: str, kind: Any, where: str, *, required: bool = True) -> Any:
    return utils.OpenApiParameter(name, kind, where, required=required)


def _usual(takes: Shape, query: Shape, path: Mapping[str, Any] | None) -> set[int]:
    """Return the problems that come of a body, of parameters, and of what an address names."""
    found = {400, 413, 415, 422} if takes is not None else set[int]()
    found |= {422} if query is not None else set()
    return found | ({404} if path else set())


def _responses(gives: Mapping[Any, Shape], problems: Collection[int] | None) -> dict[Any, Any]:
    found: dict[Any, Any] = {
        status: utils.OpenApiResponse(_single(shape), description=_said(status))
        for status, shape in gives.items()
    }
    for status in () if problems is None else sorted({*problems, *ALWAYS}):
        found[(status, PROBLEM)] = utils.OpenApiResponse(ProblemShape, description=_said(status))
    return found


def _single(shape: Shape) -> Shape:
    """Have a list described as what it is: an object with `results`."""
    if isinstance(shape, type) and issubclass(shape, BaseSerializer):
        return utils.extend_schema_serializer(many=False)(shape)
    return shape


_SAID = {
    200: "Done.",
    201: "Made.",
    202: "Taken; it goes on.",
    204: "Done; there is nothing to say.",
    304: "Nothing has changed.",
    400: "The body is not JSON.",
    401: "Credentials are missing or not good.",
    403: "The credentials do not allow this.",
    404: "There is no such thing here.",
    409: "It is not in a state in which this can be done; the answer says in which it is.",
    413: "The body is too large.",
    415: "The body must be JSON in UTF-8.",
    422: "The request does not say what is needed; the answer says where.",
    429: "Too many requests.",
    503: "The database does not answer.",
}


def _said(status: Any) -> str:
    return _SAID[status[0] if isinstance(status, tuple) else status]


def _example(name: str, value: Any) -> Any:
    is_request = name.endswith("request")
    return utils.OpenApiExample(
        name.rpartition("/")[2],
        value=value,
        request_only=is_request,
        response_only=not is_request,
        media_type=name if "/" in name else "application/json",
    )
