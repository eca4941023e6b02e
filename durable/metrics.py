"""Metrics for Prometheus: a collector for its client, and a view. They need the extra `prometheus`.

Everything is read from the tables when it is asked for, so one scrape of one web process says all
there is to say of all workers, however many there are and however often they are forked.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from durable.operations.health import look
from durable.operations.health.gauges import gauges
from durable.store import get_store

MISSING = 'The metrics need a package: pip install "django-durable-workflows[prometheus]"'


class Collector:
    """Register it with a registry of your own: `registry.register(durable.metrics.Collector())`.

    Args:
        alias: the database with durable's tables; None for that of the settings.
    """

    def __init__(self, alias: str | None = None) -> None:
        self.alias = alias
        _client()

    def describe(self) -> list[Any]:
        """Say nothing beforehand: the database is asked at a scrape, not when this is registered."""
        return []

    def collect(self) -> Iterator[Any]:
        """Look at the site, and yield its numbers."""
        family = import_module("prometheus_client.core").GaugeMetricFamily
        for gauge in gauges(look(get_store(self.alias))):
            labels = tuple(gauge.values[0][0]) if gauge.values else ()
            metric = family(gauge.name, gauge.help, labels=labels)
            for names, value in gauge.values:
                metric.add_metric(list(names.values()), value)
            yield metric


def text(alias: str | None = None) -> bytes:
    """Return the metrics in the text format of Prometheus.

    Raises:
        ImproperlyConfigured: the client is not installed.
    """
    client = _client()
    registry = client.CollectorRegistry()
    registry.register(Collector(alias))
    return bytes(client.generate_latest(registry))


@never_cache
@require_safe
def view(request: HttpRequest) -> HttpResponse:
    """Answer a scrape. Whom it answers is for the site to say: it tells of functions and of load."""
    return HttpResponse(text(), content_type=_client().CONTENT_TYPE_LATEST)


def _client() -> Any:
    try:
        return import_module("prometheus_client")
    except ImportError:
        raise ImproperlyConfigured(MISSING) from None
