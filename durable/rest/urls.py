"""`path("durable/", include("durable.rest.urls"))`, at any prefix."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from durable.rest.description import SchemaView
from durable.rest.event_runs import EventRunViews
from durable.rest.events import EventsView
from durable.rest.functions import FunctionViews
from durable.rest.inngest_urls import urlpatterns as inngest_urls
from durable.rest.keys import KeyViews
from durable.rest.runs import RunViews
from durable.rest.spelling import either
from durable.rest.stream import stream
from durable.webhooks.urls import urlpatterns as webhooks

app_name = "durable"

router = SimpleRouter()
router.register("keys", KeyViews, basename="key")
router.register("runs", RunViews, basename="run")
router.register("functions", FunctionViews, basename="function")

urlpatterns: list[URLPattern | URLResolver] = [
    *(either(one) for one in router.urls if isinstance(one, URLPattern)),
    either(path("events/", EventsView.as_view(), name="events")),
    *inngest_urls,
    path("events/<str:id>/runs/", EventRunViews.as_view({"get": "list"}), name="event-runs"),
    path("runs/<str:id>/stream/", stream, name="run-stream"),
    path("schema/", SchemaView.as_view(), name="schema"),
    *webhooks,
]
