"""The HTTP API, for sites with Django REST framework. Nothing else of durable imports it."""

from __future__ import annotations

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

for _needed in ("rest_framework", "drf_spectacular"):
    if find_spec(_needed) is None:
        raise ImproperlyConfigured(
            f"The API needs the package {_needed}: pip install django-durable-workflows[drf]. "
            "Webhooks do without: include durable.webhooks.urls."
        )
