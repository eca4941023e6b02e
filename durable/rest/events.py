"""Events from anywhere: `POST events/`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from durable import clock, codec
from durable.engine.ingest import accept, dedupe_key
from durable.models import Event as EventRow
from durable.models import Key
from durable.rest.base import View
from durable.rest.event_validation import read_all
from durable.rest.examples import EVENT, EVENTS, SENT
from durable.rest.idempotency import HEADER, PATIENCE, once
from durable.rest.openapi import described
from durable.rest.problems import Problem
from durable.rest.sent import tell_sent
from durable.rest.shapes.event import ONE_OR_SEVERAL, SentShape
from durable.store import get_store

MOST = 1000  # events of one request


class EventsView(View):
    """Events come in here."""

    operation = "events.send"
    max_body = 8 * 1024 * 1024

    @described(
        "Send events",
        takes=ONE_OR_SEVERAL,
        gives={200: SentShape, 201: SentShape},
        problems=(409,),
        headers=(HEADER,),
        examples={"one request": EVENT, "several request": EVENTS, "sent": SENT},
    )
    def post(self, request: Request) -> Response:
        """One event, or a list of up to 1,000: all are accepted, or none. The answer comes when they,
        and the runs they start, are committed. 201 if one of them is new, 200 if all were sent before:
        an event with an `id` counts once for each name and tenant.
        """
        work = partial(self._accept, self._rows(self.body()), clock.now())
        response = once(self, work, is_careful=True)
        tell_sent(self, [one["id"] for one in response.data["events"]])
        return response

    def _rows(self, given: Any) -> list[EventRow]:
        batch = given if isinstance(given, list) else [given]
        if not batch:
            raise Problem(422, "invalid", "The list holds no event.")
        if len(batch) > MOST:
            raise Problem(413, "too_large", f"One request may have {MOST:,} events.")
        rows, faults = read_all(batch, clock.now())
        if faults:
            is_large = all(fault["code"] == "too_large" for fault in faults)
            raise _refused(413 if is_large else 422, faults)
        if strangers := [n for n, row in enumerate(rows) if not self._may_send(row)]:
            raise _refused(403, [_stranger(index) for index in strangers])
        return rows

    def _may_send(self, row: EventRow) -> bool:
        """Say whether the request may send the event; have it be of the request's tenant and key."""
        if self.tenant is not None:
            if row.tenant not in ("", self.tenant):
                return False
            _belong(row, self.tenant)
        key = self.request.auth
        if not isinstance(key, Key):
            return True
        row.key = key.prefix
        return key.may_send(row.name)

    def _accept(self, rows: Sequence[EventRow], received: datetime) -> Response:
        check = partial(_check_repeated, rows)
        ids = accept(get_store(), rows, received, patience=PATIENCE, check=check)
        sent = [
            {"id": str(pk), "duplicate": pk != row.pk} for row, pk in zip(rows, ids, strict=True)
        ]
        is_new = not all(one["duplicate"] for one in sent)
        return Response({"events": sent}, status=201 if is_new else 200)


def _belong(row: EventRow, tenant: str) -> None:
    row.tenant = tenant
    if row.custom_id:
        row.dedupe_key = dedupe_key(row.name, row.custom_id, tenant)


def _check_repeated(rows: Sequence[EventRow], ids: Sequence[UUID]) -> None:
    """Refuse events whose id was used for others. In the transaction, which is undone by it."""
    repeated = {pk: row for row, pk in zip(rows, ids, strict=True) if pk != row.pk}
    if not repeated:
        return
    first = EventRow.objects.using(get_store().alias).in_bulk(list(repeated))
    wrong = [
        _conflict(index)
        for index, (row, pk) in enumerate(zip(rows, ids, strict=True))
        if pk != row.pk and not _is_same(row, first[pk])
    ]
    if wrong:
        raise _refused(409, wrong)


def _is_same(row: EventRow, first: EventRow) -> bool:
    same = row.data == first.data or codec.decode(row.data) == codec.decode(first.data)
    return same and row.subject == first.subject


def _refused(status: int, faults: Sequence[dict[str, Any]]) -> Problem:
    codes = {str(fault["code"]) for fault in faults}
    code = codes.pop() if len(codes) == 1 else "invalid"
    detail = f"Nothing was stored: {len(faults)} of the events cannot be accepted."
    return Problem(status, code, detail, more={"errors": list(faults)[:100]})


def _stranger(index: int) -> dict[str, Any]:
    text = "The credentials do not allow to send an event of this name or tenant."
    return {"index": index, "code": "forbidden", "field": "name", "detail": text}


def _conflict(index: int) -> dict[str, Any]:
    text = "An event with this name and id was sent before, with another content."
    return {"index": index, "code": "event_conflict", "field": "id", "detail": text}
