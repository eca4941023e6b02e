"""What all views share: who may come in, how bodies are read, how errors are told, whose rows are seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from io import BytesIO
from typing import Any, Literal, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_header_parameters
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.decorators import action
from rest_framework.exceptions import MethodNotAllowed, NotAcceptable
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from durable.access.tenancy import tenant_of
from durable.models import Key
from durable.operations.audit import Actor
from durable.rest.authentication import KeyAuthentication, SignatureAuthentication
from durable.rest.body import raw_body
from durable.rest.openapi import described, inspector
from durable.rest.parser import StrictJSONParser
from durable.rest.permissions import MayOperate
from durable.rest.problems import CONTENT_TYPE, Problem, ProblemResponse, answer
from durable.rest.throttles import KeyThrottle

VERSION = "1"  # of the shapes of what is sent and answered

M = TypeVar("M", bound=Model)
V = TypeVar("V", bound=Callable[..., Any])


class LimitedRequest(Request):
    """Reads a body also when its length is not declared, and never more of it than the view allows."""

    def _load_stream(self) -> None:
        body = raw_body(self._request, self.parser_context["view"].max_body)
        stream: Any = BytesIO(body) if body else None  # without one, `data` is an empty dict
        self._stream = stream


class View(APIView):
    """One address.

    A view says what it does by a name of `permissions.OPERATIONS`: `operation` for all of it, or
    `operations` by action or method. What has no name is refused to everybody.
    """

    operation = ""
    operations: Mapping[str, str] = {}
    max_body = 1024 * 1024  # bytes

    authentication_classes: Sequence[type[BaseAuthentication]] = (
        KeyAuthentication,
        SignatureAuthentication,
        SessionAuthentication,
    )
    permission_classes = (MayOperate,)
    throttle_classes = (KeyThrottle,)
    parser_classes = (StrictJSONParser,)
    renderer_classes: Sequence[type[BaseRenderer]] = (JSONRenderer, BrowsableAPIRenderer)
    versioning_class = None
    schema = inspector()

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, which opens its own transactions whatever the site's ATOMIC_REQUESTS."""
        return on_its_own(super().as_view(**initkwargs))

    def get_renderers(self) -> list[BaseRenderer]:
        """Return what answers may be; pages for browsers where the site has the templates for them."""
        found: list[BaseRenderer] = super().get_renderers()
        if apps.is_installed("rest_framework"):
            return found
        return [one for one in found if not isinstance(one, BrowsableAPIRenderer)]

    def operation_of(self, request: Request) -> str:
        """Return the name of what a request asks for."""
        method = "GET" if request.method == "HEAD" else request.method
        action = getattr(self, "action", None) or method or ""
        return self.operations.get(action, self.operation)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Return the framework's request, with its body limited."""
        return LimitedRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a method that is not known before asking who it is."""
        method = (request.method or "").lower()
        if method not in self.http_method_names or not hasattr(self, method):
            raise MethodNotAllowed(request.method or "")
        super().initial(request, *args, **kwargs)
        _check_version(request)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Return what tells of errors."""
        return answer

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep an answer for who asked; name the kind of one that tells of a problem, where it is JSON."""
        made = super().finalize_response(request, response, *args, **kwargs)
        # A site's own cache knows nothing of keys, and would give it to the next who asks.
        patch_cache_control(made, private=True, no_cache=True)
        patch_vary_headers(made, ("Authorization", "Cookie"))
        if isinstance(made, ProblemResponse) and made.accepted_renderer.format == "json":
            made.content_type = CONTENT_TYPE
        return made

    def body(self) -> Any:
        """Return the body of the request, which must have one.

        Raises:
            Problem: 400, it has none; or whatever else is wrong with it.
        """
        if not raw_body(self.request._request, self.max_body):
            raise Problem(400, "malformed_json", "There is no body.")
        return self.request.data

    def given(self) -> Any:
        """Return the body of the request; an empty object where there is none."""
        request = self.request
        return request.data if raw_body(request._request, self.max_body) else {}

    @cached_property
    def tenant(self) -> str | None:
        """The only tenant whose rows the request may see and wake; None if it is not bound to one.

        Raises:
            PermissionDenied: the site says of the user neither that nor which.
        """
        key = self.request.auth
        return (key.tenant or None) if isinstance(key, Key) else tenant_of(self.request.user)

    def own(self, rows: QuerySet[M]) -> QuerySet[M]:
        """Return those rows, of a table with a column `tenant`, that the request may see."""
        return rows if self.tenant is None else rows.filter(tenant=self.tenant)

    @property
    def sender(self) -> str:
        """Who makes the request, and for which tenant, as nobody else is called."""
        key = self.request.auth
        who = f"key {key.pk}" if isinstance(key, Key) else f"user {self.request.user.pk}"
        return f"{who}\0{self.tenant or ''}"

    @property
    def actor(self) -> Actor:
        """Who makes the request, for the audit log."""
        key = self.request.auth
        who = key.actor if isinstance(key, Key) else self.request.user.get_username()
        return Actor(who=who, via="api")


def _check_version(request: Request) -> None:
    """Refuse who accepts answers of a version that there is not: `application/json; version=2`."""
    _, asked = parse_header_parameters(str(request.accepted_media_type))
    if asked.get("version", VERSION) != VERSION:
        raise NotAcceptable


class ViewSet(ViewSetMixin, View, GenericAPIView[Any]):
    """The addresses of one kind of thing, by actions; each has a name in `operations`."""

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Any:
        """Return the view of some actions."""
        return on_its_own(super().as_view(actions, **initkwargs))


def on_one(method: Literal["get", "post"], summary: str, **said: Any) -> Callable[[V], Any]:
    """Let something else be asked of one thing of a ViewSet, below its address.

    Args:
        method: of HTTP.
        summary: as `described` takes it, and `said` is what else that takes.
    """
    describe: Callable[[Any], Any] = described(summary, **said)
    return lambda view: describe(action(detail=True, methods=[method])(view))


def on_its_own(view: Any) -> Any:
    """Keep ATOMIC_REQUESTS from wrapping a view: its answer is not to be sent before the commit."""
    for alias in settings.DATABASES:
        view = transaction.non_atomic_requests(alias)(view)
    return view
