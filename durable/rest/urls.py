"""`path("durable/", include("durable.rest.urls"))`, at any prefix."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from durable.rest.keys import KeyViews

app_name = "durable"

router = SimpleRouter()
router.register("keys", KeyViews, basename="key")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
