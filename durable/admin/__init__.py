"""The run browser in the Django admin. Imported by `admin.autodiscover`, and by nothing else of durable."""

from __future__ import annotations

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
]
