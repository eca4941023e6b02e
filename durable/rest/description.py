"""The description of the whole API in OpenAPI 3.1, and where it is served."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from durable.rest.base import VERSION, View
from durable.rest.openapi import described, generated
from durable.rest.problems import Problem

URLCONF = "durable.rest.urls"
SETTINGS: dict[str, Any] = {
    "TITLE": "durable",
    "DESCRIPTION": "Events in, runs watched and managed, functions invoked.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RunStatus": "durable.models.status.RunStatus",
        "StepStatus": "durable.models.status.StepStatus",
    },
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "durable.rest.openapi_hooks.tighten",
        "durable.rest.openapi_hooks.add_webhooks",
    ],
}


class SchemaView(View):
    """Served in JSON to those who are let in for anything at all."""

    operation = "schema.read"
    renderer_classes = (JSONRenderer,)

    @described("Read this description", gives={200: dict}, problems=(404,))
    def get(self, request: Request) -> Response:
        """OpenAPI 3.1, for programs that make clients, and for people. 404 where drf-spectacular is
        not installed.
        """
        return Response(_described(request.path.removesuffix("schema/").rstrip("/")))


@lru_cache(maxsize=8)
def _described(root: str) -> Any:
    found = generated(URLCONF, {**SETTINGS, "SERVERS": [{"url": root}]})
    if found is None:
        raise Problem(404, "not_found", "Install drf-spectacular to have the API described.")
    return found
