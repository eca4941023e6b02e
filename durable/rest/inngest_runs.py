"""The addresses and shapes of Inngest's REST API, for programs that know those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from durable import clock
from durable.ids import new_id
from durable.models import Run, RunStatus
from durable.rest import examples, operate, pagination, representation
from durable.rest.event_runs import EventRunViews
from durable.rest.openapi import described
from durable.rest.run_filters import matching
from durable.rest.runs import ID, RunViews
from durable.rest.shapes.strict import read
from durable.rest.shapes.v1 import (
    V1CancellationAnswerShape,
    V1CancellationRequest,
    V1RunAnswerShape,
    V1RunsAnswerShape,
)
from durable.rest.visibility import Visibility

ENVIRONMENT = UUID(int=0)  # there is one
MOST = 100  # runs of one event
MOST_CANCELLED = 1000  # at once

_STATUS = {
    RunStatus.QUEUED: "Running",
    RunStatus.RUNNING: "Running",
    RunStatus.WAITING: "Running",
    RunStatus.COMPLETED: "Completed",
    RunStatus.FAILED: "Failed",
    RunStatus.CANCELLED: "Cancelled",
}


class V1RunViews(RunViews):
    """One run: looked at, cancelled."""

    operations = {"retrieve": "runs.read", "destroy": "runs.cancel"}

    @described(
        "Look at a run as Inngest does",
        gives={200: V1RunAnswerShape},
        path=ID,
        examples={"a run": examples.V1_RUN},
    )
    def retrieve(self, request: Request, id: str) -> Response:
        """Its output is there for who may read payloads."""
        return Response(_answer(_described(self.found(id), self.visibility)))

    @described("Cancel a run as Inngest does", gives={204: None}, problems=(409,), path=ID)
    def destroy(self, request: Request, id: str) -> Response:
        """As `POST runs/{id}/cancel/`."""
        operate.cancel(self, self.found(id))
        return Response(status=204)


class V1EventRunViews(EventRunViews):
    """The runs of an event."""

    @described(
        "List the runs of an event as Inngest does",
        gives={200: V1RunsAnswerShape},
        path=ID,
        examples={"runs": examples.V1_RUNS},
    )
    def list(self, request: Request, id: str = "") -> Response:
        """Up to 100, the newest first."""
        rows = self.rows.filter(event=self.event(id)).order_by("-pk")[:MOST]
        return Response(_answer([_described(run, self.visibility) for run in rows]))


class V1CancellationViews(RunViews):
    """Many runs of a function, cancelled at once."""

    operations = {"create": "runs.cancel"}

    @described(
        "Cancel many runs as Inngest does",
        takes=V1CancellationRequest,
        gives={200: V1CancellationAnswerShape},
        examples={"request": examples.V1_CANCELLATION, "cancelled": examples.V1_CANCELLED},
    )
    def create(self, request: Request) -> Response:
        """The runs that were created in this time and have not ended, at most 1,000: they are
        cancelled when the answer comes, so there is nothing to list or to take back.
        """
        given = read(V1CancellationRequest, self.given())
        wanted = {
            "function": f"{given['app_id']}-{given['function_id']}",
            "created_before": given["started_before"],
        }
        if "started_after" in given:
            wanted["created_after"] = given["started_after"]
        rows = representation.light(matching(self.rows, wanted)).filter(ended=None)
        found, _ = pagination.oldest(rows, {"limit": MOST_CANCELLED})
        done = operate.cancel_each(self, found)
        body = {
            "id": new_id(),
            "environment_id": ENVIRONMENT,
            "function_id": wanted["function"],
            "started_after": given.get("started_after"),
            "started_before": given["started_before"],
            "cancelled": len(done),
        }
        return Response(_answer(body))


def _answer(data: Any) -> Mapping[str, Any]:
    return {"data": data, "metadata": {"fetched_at": clock.now(), "cached_until": None}}


def _described(run: Run, visibility: Visibility) -> Mapping[str, Any]:
    status = RunStatus(run.status)
    is_waiting = status == RunStatus.QUEUED and run.started is None
    found = {
        "run_id": run.pk,
        "run_started_at": run.started or run.created,
        "function_id": run.function,
        "function_version": 1,
        "environment_id": ENVIRONMENT,
        "event_id": run.event_id,
        "status": "Scheduled" if is_waiting else _STATUS[status],
        "ended_at": run.ended,
    }
    if run.replay_of:
        found["original_run_id"] = run.replay_of
    if run.is_final and run.failure and visibility.hears(run.function):
        found["output"] = run.failure
    elif run.is_final and visibility.is_open:
        found["output"] = visibility.payload(run.function, run.result)
    return found
