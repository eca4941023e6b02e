"""`path("", include("durable.rest.inngest_urls"))`: the addresses that clients of Inngest know."""

from __future__ import annotations

from django.urls import path

from durable.rest.inngest_events import CompatibleView
from durable.rest.inngest_runs import V1CancellationViews, V1EventRunViews, V1RunViews
from durable.rest.spelling import either

app_name = "durable_inngest"

urlpatterns = [
    either(path("e/<str:key>", CompatibleView.as_view(), name="inngest-events")),
    path("v1/events/<str:id>/runs", V1EventRunViews.as_view({"get": "list"}), name="v1-event-runs"),
    path(
        "v1/runs/<str:id>",
        V1RunViews.as_view({"get": "retrieve", "delete": "destroy"}),
        name="v1-run",
    ),
    either(
        path(
            "v1/cancellations",
            V1CancellationViews.as_view({"post": "create"}),
            name="v1-cancellations",
        )
    ),
]
