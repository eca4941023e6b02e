"""Runs: found, looked at, cancelled, retried, repeated, and given events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from durable import codec
from durable.errors import EventInvalidError, StepNotFoundError
from durable.models import Run, Step
from durable.rest import examples, operate, pagination, representation, tickets
from durable.rest.base import ViewSet, on_one
from durable.rest.idempotency import HEADER, once
from durable.rest.openapi import described
from durable.rest.problems import Problem
from durable.rest.run_filters import matching
from durable.rest.shapes.run import (
    BulkShape,
    CancelledShape,
    OutputQuery,
    OutputShape,
    ReplayShape,
    RunDetailShape,
    RunPageShape,
    RunQuery,
    RunShape,
    SignalledShape,
    SignalShape,
)
from durable.rest.shapes.step import StepPageShape, StepQuery
from durable.rest.shapes.stream import TicketShape
from durable.rest.shapes.strict import read
from durable.rest.visibility import PAYLOADS, Visibility, visibility_of
from durable.store import get_store

ID = {"id": UUID}


class RunViews(ViewSet):
    """Runs of the tenant that the request is bound to, or all. What is not there is 404."""

    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    operations = {
        "list": "runs.read",
        "retrieve": "runs.read",
        "steps": "runs.read",
        "output": PAYLOADS,
        "ticket": "runs.read",
        "cancel": "runs.cancel",
        "cancel_many": "runs.cancel",
        "retry": "runs.retry",
        "replay": "runs.replay",
        "signal": "runs.signal",
    }

    @property
    def rows(self) -> Any:
        """The runs that the request may see."""
        return self.own(Run.objects.using(get_store().alias))

    def found(self, id: str) -> Run:
        """Return a run by the id in the address.

        Raises:
            Problem: 404.
        """
        known = representation.as_id(id)
        run: Run | None = self.rows.filter(pk=known).first() if known else None
        if run is None:
            raise Problem(404, "not_found")
        return run

    @property
    def visibility(self) -> Visibility:
        """What the request may see of payloads."""
        return visibility_of(self.request)

    @described(
        "List runs", query=RunQuery, gives={200: RunPageShape}, examples={"a page": examples.PAGE}
    )
    def list(self, request: Request) -> Response:
        """The newest first, a page at a time, without payloads."""
        query = read(RunQuery, request.query_params)
        return Response(self.page(self.rows, query))

    def page(self, rows: Any, query: Any) -> dict[str, Any]:
        """Return one page of the runs that a query asks for."""
        if self.tenant is not None:
            query = {"tenant": self.tenant, **query}
        found, cursor = pagination.newest(representation.light(matching(rows, query)), query)
        return {"results": [representation.brief(run) for run in found], "next": cursor}

    @described(
        "Look at a run",
        gives={200: RunDetailShape, 304: None},
        path=ID,
        headers=("If-None-Match",),
        examples={"a run": examples.DETAIL},
    )
    def retrieve(self, request: Request, id: str) -> Response:
        """How it stands and how far it is. With the ETag of the answer before in `If-None-Match` the
        answer is 304 while nothing has changed: so it can be polled where there is no stream.
        """
        shown = representation.detail(self.found(id), self.visibility)
        tag = representation.tag(shown)
        if tag in request.headers.get("If-None-Match", ""):
            return Response(status=304, headers={"ETag": tag})
        return Response(shown, headers={"ETag": tag})

    @on_one(
        "get",
        "List the steps of a run",
        query=StepQuery,
        gives={200: StepPageShape},
        path=ID,
        examples={"steps": examples.STEPS},
    )
    def steps(self, request: Request, id: str) -> Response:
        """In the order in which they were recorded; with `expand=payloads` also what they were called
        with and what they returned.
        """
        query = read(StepQuery, request.query_params)
        with_outputs = "expand" in query
        if with_outputs and not self.visibility.is_open:
            raise Problem(403, "forbidden")
        run = self.found(id)
        rows = Step.objects.using(get_store().alias).filter(run=run)
        found, cursor = pagination.oldest(
            rows if with_outputs else rows.defer("output", "given"), query
        )
        shown = representation.steps(run, found, self.visibility, with_outputs=with_outputs)
        return Response({"results": shown, "next": cursor})

    @on_one(
        "get",
        "Read what a run returned",
        query=OutputQuery,
        gives={200: OutputShape},
        path=ID,
        examples={"an output": examples.OUTPUT},
    )
    def output(self, request: Request, id: str) -> Response:
        """What its function returned, or the error it failed with. With `wait`, the answer comes when
        it has ended, or after so many seconds.
        """
        query = read(OutputQuery, request.query_params)
        run = representation.awaited(self.found(id), query["wait"])
        return Response(representation.result(run, self.visibility))

    @on_one(
        "post",
        "Get a ticket to watch a run",
        gives={200: TicketShape},
        path=ID,
        examples={"a ticket": examples.TICKET},
    )
    def ticket(self, request: Request, id: str) -> Response:
        """A word that lets a browser watch this run, `stream/?ticket=…`, with the rights of who asks
        for it.
        """
        run, life = self.found(id), int(tickets.LIFE.total_seconds())
        return Response({"ticket": tickets.issue(request, str(run.pk)), "expires_in": life})

    @on_one(
        "post",
        "Cancel a run",
        gives={200: RunShape},
        problems=(409,),
        path=ID,
        examples={"a cancelled run": examples.CANCELLED},
    )
    def cancel(self, request: Request, id: str) -> Response:
        """No further step of it starts. A run that was cancelled before stays so, and is answered as
        well; one that has ended otherwise is a conflict.
        """
        run = self.found(id)
        operate.cancel(self, run)
        return Response(representation.brief(run))

    @described(
        "Cancel many runs",
        takes=BulkShape,
        gives={200: CancelledShape},
        examples={"request": examples.BULK, "cancelled": examples.BULK_DONE},
    )
    @action(detail=False, methods=["post"], url_path="cancel")
    def cancel_many(self, request: Request) -> Response:
        """Those that have not ended and for which all filters hold, the oldest first, at most `limit`.
        While `more` is true, ask again.
        """
        given = read(BulkShape, self.given())
        if self.tenant is not None:
            given = {"tenant": self.tenant, **given}
        rows = matching(self.rows, given).filter(ended=None)
        found, cursor = pagination.oldest(representation.light(rows), {"limit": given["limit"]})
        done = operate.cancel_each(self, found)
        return Response({"cancelled": [run.pk for run in done], "more": cursor is not None})

    @on_one(
        "post",
        "Retry a run",
        gives={200: RunShape},
        problems=(409,),
        path=ID,
        examples={"a queued run": examples.QUEUED},
    )
    def retry(self, request: Request, id: str) -> Response:
        """It goes on from the step that failed, or from where it was cancelled. What is done stays
        done. A run that has neither failed nor been cancelled is a conflict.
        """
        run = self.found(id)
        operate.operate(self, run, "retry")
        return Response(representation.brief(run))

    @on_one(
        "post",
        "Replay a run",
        takes=ReplayShape,
        gives={201: RunShape},
        problems=(409,),
        path=ID,
        headers=(HEADER,),
        examples={"request": examples.REPLAY, "the new run": examples.REPLAYED},
    )
    def replay(self, request: Request, id: str) -> Response:
        """A new run of the same function, with the same event or other data, from the beginning or
        from a step; what was done before that is copied.
        """
        run, how = self.found(id), read(ReplayShape, self.given())
        return once(self, partial(self._replayed, run, how))

    def _replayed(self, run: Run, how: Mapping[str, Any]) -> Response:
        data = self._meant(run, how.get("input"))
        try:
            done = operate.operate(self, run, "replay", step=how.get("from_step"), data=data)
        except StepNotFoundError:
            raise Problem(422, "invalid", "The run has no step such as from_step.") from None
        new = Run.objects.using(get_store().alias).get(pk=done.made)
        return Response(representation.brief(new), status=201)

    def _meant(self, run: Run, written: Any) -> Any:
        if written is None:
            return None
        original = codec.decode(run.event.data) if run.event is not None else {}
        try:
            return self.visibility.meant(run.function, written, original)
        except EventInvalidError:
            raise Problem(
                422,
                "invalid",
                "A secret of input is [hidden], and what belongs there is not sure: write it in full.",
            ) from None

    @on_one(
        "post",
        "Signal a waiting run",
        takes=SignalShape,
        gives={200: SignalledShape},
        problems=(409,),
        path=ID,
        headers=(HEADER,),
        examples={"request": examples.SIGNAL, "signalled": examples.SIGNALLED},
    )
    def signal(self, request: Request, id: str) -> Response:
        """Gives an event to one step that waits for one, and to nobody else, whatever its condition
        is. A step that does not wait, or waits no more, is a conflict.
        """
        run, given = self.found(id), read(SignalShape, self.given())
        return once(self, partial(self._signalled, run, given))

    def _signalled(self, run: Run, given: Mapping[str, Any]) -> Response:
        try:
            done = operate.operate(self, run, "deliver", **given)
        except StepNotFoundError:
            raise operate.conflict(run, "There is no step of this id.") from None
        return Response({"event": done.made})
