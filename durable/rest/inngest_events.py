"""`POST e/{key}`: where the clients of Inngest send their events, and are answered as they expect.

As there, events are taken one after the other up to the first that is not good, those before it stay,
and errors have a shape of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from durable import clock
from durable.access.credentials import admitted
from durable.authoring.event import RESERVED, Event
from durable.engine.ingest import EARLIEST, LATEST, LONGEST, accept
from durable.engine.terms import DAY
from durable.models import Event as EventRow
from durable.models import Key
from durable.playback.failure import storable
from durable.rest.authentication import admit
from durable.rest.base import View
from durable.rest.event_validation import FaultError, row
from durable.rest.examples import INNGEST_EVENT, INNGEST_SENT
from durable.rest.idempotency import PATIENCE
from durable.rest.openapi import described
from durable.rest.problems import Problem, answer, problem_of
from durable.rest.sent import tell_sent
from durable.rest.shapes.inngest import INNGEST_EVENTS, IdsShape
from durable.store import get_store

MOST = 5000  # events of one request; the first of them are taken
SEED = "X-Inngest-Event-Id-Seed"  # the same when a client tries again
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


class PathKeyAuthentication(BaseAuthentication):
    """The key is in the address; no cookie and no header counts, so any page may send."""

    def authenticate(self, request: Request) -> tuple[Any, Key]:
        """Return nobody and the key.

        Raises:
            AuthenticationFailed: the key is not good.
            Problem: 503, the site has none.
        """
        store = get_store()
        key = admitted(store, request.parser_context["kwargs"]["key"])
        if key is None and not Key.objects.using(store.alias).exists():
            raise Problem(503, "no_keys")
        return admit(key)

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge."""
        return 'Key realm="durable"'


class CompatibleView(View):
    """Events of Inngest's clients come in here."""

    operation = "events.send"
    authentication_classes = (PathKeyAuthentication,)
    max_body = 8 * 1024 * 1024

    @described(
        "Send events as Inngest's clients do",
        takes=INNGEST_EVENTS,
        gives=dict.fromkeys((200, 400, 401, 403, 413, 429, 503), IdsShape),
        problems=None,
        auth=[],
        path={"key": str},
        headers=(SEED,),
        examples={"several request": INNGEST_EVENT, "sent": INNGEST_SENT},
    )
    def post(self, request: Request, key: str) -> Response:
        """One event or a list. Set this site as the event API of a client (`event_api_base_url`,
        `baseUrl`) and a key of this site as its event key.
        """
        received = clock.now()
        body = self.body()
        batch = body if isinstance(body, list) else [body]
        rows, problem = self._good(batch, received)
        taken = accept(get_store(), rows, received, patience=PATIENCE, counts_for=DAY)
        ids = [str(pk) for pk in taken]
        tell_sent(self, ids)
        return _said(ids or [""], *problem)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Answer the question a browser asks before it sends."""
        return Response(status=204)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let everybody ask whether a browser may send."""
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Return what tells of errors as Inngest does."""
        return _told

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let pages of any site read the answer, and keep the address, which holds the key, from
        Django's log of refused requests.
        """
        made = super().finalize_response(request, response, *args, **kwargs)
        made._has_been_logged = True
        for name, value in _CORS.items():
            made[name] = value
        return made

    def _good(
        self, batch: Sequence[Any], received: datetime
    ) -> tuple[list[EventRow], tuple[int, str]]:
        """Return the rows up to the first event that is not good; a status, and what is wrong."""
        seed = self.request.headers.get(SEED, "")
        rows: list[EventRow] = []
        for number, given in enumerate(batch):
            if number == MOST:
                return rows, (400, f"more than {MOST} events")
            try:
                made = self._row(given, received)
            except _Refused as error:
                return rows, (error.status, str(error))
            if seed and not made.custom_id:
                made.dedupe_key = self._repeatable(f"{seed}\0{number}")
            rows.append(made)
        return rows, (200, "")

    def _row(self, given: Any, received: datetime) -> EventRow:
        event = _event(given, self.tenant or "")
        assert isinstance(self.request.auth, Key)
        if not self.request.auth.may_send(event.name):
            raise _Refused("the event key does not allow events of this name", status=403)
        try:
            made = row(event, received)
        except FaultError as error:
            raise _Refused(f"event {error.fault.field}: {error.fault.detail}") from None
        made.key = self.request.auth.prefix
        return made

    def _repeatable(self, text: str) -> str:
        """Return what keeps an event from counting twice when the client sends the request again."""
        assert isinstance(self.request.auth, Key)
        return sha256(f"seed\0{self.request.auth.pk}\0{text}".encode(errors="replace")).hexdigest()


class _Refused(Exception):  # noqa: N818  never leaves this module
    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def _event(given: Any, tenant: str) -> Event:
    if not isinstance(given, Mapping):
        raise _Refused("an event must be an object")
    _check_text("name", given.get("name", ""))
    custom_id = "" if given.get("id") is None else given["id"]
    _check_text("id", custom_id)
    name, data, ts = given.get("name", ""), given.get("data"), given.get("ts")
    if not name.strip():
        raise _Refused("event name is empty")
    if name.startswith(RESERVED):
        raise _Refused("event name is reserved for internal use")
    if data is not None and not isinstance(data, Mapping):
        raise _Refused("event data must be an object")
    return Event(name=name, data=data or {}, id=custom_id, ts=_milliseconds(ts), tenant=tenant)


def _check_text(field: str, value: object) -> None:
    if not isinstance(value, str):
        raise _Refused(f"event {field} must be a string")
    if len(value) > LONGEST:
        raise _Refused(f"event {field} is longer than {LONGEST} characters")
    if value != storable(value):
        raise _Refused(f"event {field} holds a character that cannot be stored")


def _milliseconds(ts: object) -> int:
    if ts is None:
        return 0
    if isinstance(ts, bool) or not isinstance(ts, int):
        raise _Refused("event ts must be an integer")
    if ts and not EARLIEST.timestamp() <= ts / 1000 <= LATEST.timestamp():
        raise _Refused("event ts must be between 1980 and 2100, in milliseconds")
    return ts


def _said(ids: Sequence[str], status: int, error: str = "") -> Response:
    body = {"ids": ids, "status": status, **({"error": error} if error else {})}
    return Response(body, status=status)


def _told(error: Exception, context: Mapping[str, Any]) -> Response | None:
    response, problem = answer(error, context), problem_of(error)
    if response is None or problem is None:
        return None
    # What cannot be read is 400 there, whatever is wrong with it.
    status = 400 if problem.status_code in (413, 415, 422) else problem.status_code
    text = "Event key not found" if status == 401 else str(problem.detail)
    told = _said([], status, text)
    for name, value in response.headers.items():
        if name != "Content-Type":
            told[name] = value
    return told
