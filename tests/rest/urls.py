"""The API at a prefix, as a site mounts it, and at the root what clients of Inngest look for there."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("durable/", include("durable.rest.urls")),
    path("", include("durable.rest.inngest_urls")),
]
