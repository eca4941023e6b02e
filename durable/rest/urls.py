"""`path("durable/", include("durable.rest.urls"))`, at any prefix."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from durable.rest.compatible import CompatibleView
from durable.rest.description import SchemaView
from durable.rest.events import EventsView
from durable.rest.functions import FunctionViews
from durable.rest.keys import KeyViews
from durable.rest.runs import EventRunViews, RunViews
from durable.rest.stream import stream
from durable.rest.v1 import V1CancellationViews, V1EventRunViews, V1RunViews
from durable.webhooks.urls import urlpatterns as webhooks

app_name = "durable"

router = SimpleRouter()
router.register("keys", KeyViews, basename="key")
router.register("runs", RunViews, basename="run")
router.register("functions", FunctionViews, basename="function")

urlpatterns: list[URLPattern | URLResolver] = [
    *router.urls,
    path("events/", EventsView.as_view(), name="events"),
    path("e/<str:key>", CompatibleView.as_view(), name="inngest-events"),
    path("events/<str:id>/runs/", EventRunViews.as_view({"get": "list"}), name="event-runs"),
    path("runs/<str:id>/stream/", stream, name="run-stream"),
    path("v1/events/<str:id>/runs", V1EventRunViews.as_view({"get": "list"}), name="v1-event-runs"),
    path(
        "v1/runs/<str:id>",
        V1RunViews.as_view({"get": "retrieve", "delete": "destroy"}),
        name="v1-run",
    ),
    path(
        "v1/cancellations",
        V1CancellationViews.as_view({"post": "create"}),
        name="v1-cancellations",
    ),
    path("schema/", SchemaView.as_view(), name="schema"),
    *webhooks,
]
