"""The run browser in the Django admin. Imported by `admin.autodiscover`, and by nothing else of durable."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.sites import AdminSite

from durable.admin.attempt import AttemptAdmin
from durable.admin.chart import ChartAdmin
from durable.admin.event import EventAdmin
from durable.admin.function import FunctionAdmin
from durable.admin.health import HealthAdmin
from durable.admin.key import KeyAdmin
from durable.admin.run import RunAdmin
from durable.admin.schedule import ScheduleAdmin
from durable.admin.step import StepAdmin

__all__ = [
    "AttemptAdmin",
    "ChartAdmin",
    "EventAdmin",
    "FunctionAdmin",
    "HealthAdmin",
    "KeyAdmin",
    "RunAdmin",
    "ScheduleAdmin",
    "StepAdmin",
    "register",
]


def register(site: AdminSite) -> None:
    """Show the run browser on a site's own AdminSite, beside the usual one.

    Args:
        site: of a class of the site's own; it may already have some of the models.
    """
    for model, one in list(admin.site._registry.items()):
        if model._meta.app_label == "durable" and not site.is_registered(model):
            site.register(model, type(one))
