"""`hooks/<source>/`. Part of `durable.rest.urls`; a site without REST framework includes it by itself."""

from __future__ import annotations

from django.urls import re_path

from durable.webhooks.views import receive

urlpatterns = [
    # With and without the slash: a redirect would lose what was sent.
    re_path(r"^hooks/(?P<source>[^/]+)/?$", receive, name="webhook"),
]
