"""The API at a prefix, as a site mounts it."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("durable/", include("durable.rest.urls"))]
