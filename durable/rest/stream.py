"""`runs/<id>/stream/`: server-sent events while a run goes on.

A stream holds no connection of its own between two looks, under ASGI. Under WSGI it would
hold a worker of the server, so there the answer says where to poll.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from durable.models import Run
from durable.rest import examples
from durable.rest.base import View, on_its_own
from durable.rest.openapi import described
from durable.rest.permissions import allows_still
from durable.rest.problems import Problem
from durable.rest.representation import as_id
from durable.rest.shapes.stream import StreamQuery
from durable.rest.shapes.strict import read
from durable.rest.stream_position import Position
from durable.rest.tickets import TicketAuthentication
from durable.rest.watch import News, Watch
from durable.store import get_store

HEARTBEAT = 15.0  # seconds after which a comment keeps the line open, to who is still let in
LIFE = 300.0  # seconds after which the client has to come again
RETRY = 1000  # milliseconds after which it does
FIRST, LONGEST = 0.1, 1.0  # seconds between two looks
SCHEMA = 1  # the version of what messages look like

T = TypeVar("T")
Look = Callable[[], News | None]
Ask = Callable[[], bool]
looks = ThreadPoolExecutor(max_workers=4, thread_name_prefix="durable-stream")


class Json(BaseContentNegotiation):
    """What is not a stream is JSON, whatever the client accepts: it asks for a stream."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """Return the only one."""
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the only one."""
        only = next(iter(renderers))
        return only, only.media_type or ""


class Admitted(Response):
    """Where to poll a run that may be watched, and whether it still may be."""

    def __init__(self, run: UUID, poll: str, is_admitted: Callable[[], bool]) -> None:
        super().__init__(status=204, headers={"Link": f'<{poll}>; rel="monitor"'})
        self.run = run
        self.is_admitted = is_admitted


class Door(View):
    """Lets in who may watch the run."""

    operation = "runs.read"
    authentication_classes = (TicketAuthentication, *View.authentication_classes)
    content_negotiation_class = Json
    renderer_classes = (JSONRenderer,)

    @described(
        "Watch a run",
        query=StreamQuery,
        gives={(200, "text/event-stream"): str, 204: None},
        path={"id": UUID},
        headers=("Last-Event-ID",),
        examples={"text/event-stream": examples.STREAM},
    )
    def get(self, request: Request, id: str) -> Response:
        """Server-sent events: `progress` with the run and the steps that are new, and `end` with the
        last of them. `Last-Event-ID` resumes. The stream is closed after five minutes, to be opened
        again, and soon after who watches is let in no more. 204 when there is nothing more to tell, and where the server cannot stream (WSGI): then
        the header `Link` names the address to poll, with `If-None-Match`.
        """
        read(StreamQuery, request.query_params)
        known = as_id(id)
        rows = self.own(Run.objects.using(get_store().alias))
        run = rows.filter(pk=known).only("pk").first() if known else None
        if run is None:
            raise Problem(404, "not_found")
        poll = reverse(f"{self._namespace(request)}run-detail", kwargs={"id": run.pk})
        is_admitted = partial(allows_still, request, self.operation, self.tenant)
        return Admitted(run.pk, poll, is_admitted)

    def _namespace(self, request: Request) -> str:
        match = request._request.resolver_match
        return f"{match.namespace}:" if match and match.namespace else ""


_door = Door.as_view()


def _asked(request: HttpRequest, id: str) -> HttpResponseBase:
    """Ask at the door; then give back the connection of this thread, which lives as long as the stream."""
    answer: HttpResponseBase = _door(request, id=id)
    if isinstance(answer, Admitted) and isinstance(request, ASGIRequest):
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()
    return answer


@on_its_own
async def stream(request: HttpRequest, id: str) -> HttpResponseBase:
    """Answer a request to watch a run."""
    answer = await sync_to_async(_asked)(request, id)
    is_wanted = request.method == "GET" and isinstance(request, ASGIRequest)
    if not (is_wanted and isinstance(answer, Admitted)):
        return answer
    position = Position.read(request.headers.get("Last-Event-ID", ""))
    watch = Watch(answer.run, position)
    first = await _seen(watch.look)
    if first is None or (position.is_over and first.is_over and not first.steps):
        return answer
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    body = _messages(first, watch.look, answer.is_admitted)
    return StreamingHttpResponse(body, content_type="text/event-stream", headers=headers)


stream.login_required = False  # the door asks who it is
stream.cls = Door  # as views of the framework name their class
stream.initkwargs = {}
stream.csrf_exempt = True  # the door checks it where a session asks


async def _messages(first: News, look: Look, is_admitted: Ask) -> AsyncIterator[str]:
    yield f"retry: {RETRY}\n\n"
    yield _message(first)
    is_over, pause = first.is_over, FIRST
    born = beat = time.monotonic()
    try:
        while not is_over and time.monotonic() - born < LIFE:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST)
            if time.monotonic() - beat >= HEARTBEAT:
                if not await _seen(is_admitted):
                    return
                beat = time.monotonic()
                yield ": still here\n\n"
            news = await _seen(look)
            if news is not None:
                yield _message(news)
                is_over, pause = news.is_over, FIRST
    except (OperationalError, InterfaceError):
        return  # the client comes again


async def _seen(look: Callable[[], T]) -> T:
    """Look in one of few threads: streams may be many, connections to the database may not."""
    seen: T = await sync_to_async(
        partial(_with_connection, look), thread_sensitive=False, executor=looks
    )()
    return seen


def _with_connection(look: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return look()
    finally:
        close_old_connections()


def _message(news: News) -> str:
    body = {"schema_version": SCHEMA, "run": news.run, "steps": news.steps}
    data = JSONRenderer().render(body).decode()
    return f"event: {'end' if news.is_over else 'progress'}\nid: {news.position}\ndata: {data}\n\n"
