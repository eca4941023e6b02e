"""The runs that an event started."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from durable.models import Event
from durable.rest import examples, representation
from durable.rest.openapi import described
from durable.rest.problems import Problem
from durable.rest.runs import ID, RunViews
from durable.rest.shapes.run import PageQuery, RunPageShape
from durable.rest.shapes.strict import read
from durable.store import get_store


class EventRunViews(RunViews):
    """The runs that one event started."""

    operations = {"list": "runs.read"}

    @described(
        "List the runs of an event",
        query=PageQuery,
        gives={200: RunPageShape},
        path=ID,
        examples={"a page": examples.PAGE},
    )
    def list(self, request: Request, id: str = "") -> Response:
        """The newest first, a page at a time, without payloads."""
        query = read(PageQuery, request.query_params)
        return Response(self.page(self.rows.filter(event=self.event(id)), query))

    def event(self, id: str) -> UUID:
        """Return the id of an event that the request may see.

        Raises:
            Problem: 404.
        """
        known = representation.as_id(id)
        events = self.own(Event.objects.using(get_store().alias))
        if known is None or not events.filter(pk=known).exists():
            raise Problem(404, "not_found")
        return known
