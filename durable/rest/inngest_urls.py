"""`path("", include("durable.rest.inngest_urls"))`: for clients that know no prefix."""

from __future__ import annotations

from django.urls import path

from durable.rest.compatible import CompatibleView

app_name = "durable_inngest"

urlpatterns = [path("e/<str:key>", CompatibleView.as_view(), name="events")]
