"""Functions: listed, and started by their id."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.authoring.trigger import Trigger, TriggerEvent
from durable.engine.options import Options
from durable.engine.start import is_of
from durable.errors import FunctionNotFoundError
from durable.models import Run
from durable.operations.dispatch import invoke_function
from durable.rest import examples, representation
from durable.rest.base import ViewSet, on_one
from durable.rest.idempotency import HEADER, once
from durable.rest.openapi import described
from durable.rest.problems import Problem
from durable.rest.shapes.function import FunctionListShape, FunctionShape, InvokedShape, InvokeShape
from durable.rest.shapes.strict import read
from durable.rest.visibility import visibility_of
from durable.store import get_store

ID = {"id": str}


class FunctionViews(ViewSet):
    """The functions that the process which answers has registered."""

    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    operations = {
        "list": "functions.read",
        "retrieve": "functions.read",
        "invoke": "functions.invoke",
    }

    @described(
        "List functions", gives={200: FunctionListShape}, examples={"functions": examples.FUNCTIONS}
    )
    def list(self, request: Request) -> Response:
        """All that are registered, by id, without durable's own."""
        found = sorted(registry.of_site, key=lambda function: function.id)
        return Response({"results": [_described(function) for function in found]})

    @described(
        "Look at a function",
        gives={200: FunctionShape},
        path=ID,
        examples={"a function": examples.FUNCTION},
    )
    def retrieve(self, request: Request, id: str) -> Response:
        """What starts it, and how often it is tried again."""
        return Response(_described(_known(id)))

    @on_one(
        "post",
        "Invoke a function",
        takes=InvokeShape,
        gives={200: InvokedShape, 202: InvokedShape},
        problems=(409,),
        path=ID,
        headers=(HEADER,),
        examples={"request": examples.INVOKE, "invoked": examples.INVOKED},
    )
    def invoke(self, request: Request, id: str) -> Response:
        """Starts it, whatever its triggers are. With `id`, once for each id: sent again, with the same
        `data` or none, the answer names the first run; with others it is 409. With `wait`, 200 and the result if it ends in time, 202 if it does not;
        the result is for who may read payloads.
        """
        given = read(InvokeShape, self.given())
        response = once(self, partial(self._started, _known(id), given))
        if given["wait"] > 0:
            self._wait(response, given["wait"])
        return response

    def _started(self, function: Function, given: Mapping[str, Any]) -> Response:
        data = given.get("data")
        started = invoke_function(
            function.id,
            data or {},
            actor=self.actor,
            custom_id=given.get("id", ""),
            tenant=self.tenant or "",
        )
        if not started.is_new and data is not None and not is_of(started.run, data):
            detail = "This function was invoked with this id before, with other data."
            raise Problem(409, "event_conflict", detail)
        run = representation.brief(started.run)
        return Response({"run": run, "created": started.is_new, "result": None}, status=202)

    def _wait(self, response: Response, seconds: float) -> None:
        """Put the end of the run into the answer, if it comes in time."""
        rows = Run.objects.using(get_store().alias).filter(pk=response.data["run"]["id"])
        run = rows.first()  # none where the answer is repeated and the run was removed since
        run = run and representation.awaited(run, seconds)
        if run is not None and run.is_final:
            response.status_code = 200
            response.data["run"] = representation.brief(run)
            visibility = visibility_of(self.request)
            if visibility.is_open:
                response.data["result"] = representation.result(run, visibility)


def _known(id: str) -> Function:
    try:
        return registry.get_of_site(id)
    except FunctionNotFoundError:
        raise Problem(404, "not_found") from None


def _described(function: Function) -> Mapping[str, Any]:
    return {
        "id": function.id,
        "name": function.name,
        "triggers": [_trigger(one) for one in function.triggers],
        "retries": Options.of(function).policy.retries,
    }


def _trigger(trigger: Trigger) -> Mapping[str, str]:
    if isinstance(trigger, TriggerEvent):
        condition = {} if trigger.expression is None else {"expression": trigger.expression}
        return {"event": trigger.event, **condition}
    return {"cron": trigger.line.text}
