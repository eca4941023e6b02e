from __future__ import annotations

from django.apps import AppConfig


class TextConfig(AppConfig):
    name = "project.text"
    label = "text"
    verbose_name = "Text summaries"
