"""A site that includes the API, but has not what it needs: a sentence, and no missing module."""

from __future__ import annotations

import importlib
import importlib.util

import pytest
from django.core.exceptions import ImproperlyConfigured

import durable.rest


def test_urls_without_rest_framework_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"django-durable-workflows\[drf\]"):
        importlib.reload(durable.rest)
