"""The object of the site that a run is about: a link to its page in the admin, where it has one."""

from __future__ import annotations

from django.apps import apps
from django.contrib.admin.sites import AdminSite
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def link(site: AdminSite, subject: str) -> SafeString | str:
    """Link to the page of an object, known by "shop.order:7"; the text where there is none."""
    label, _, pk = subject.partition(":")
    try:
        model = apps.get_model(label)
        url = reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_change",
            args=[pk],
            current_app=site.name,
        )
    except (LookupError, ValueError, NoReverseMatch):
        return subject
    return format_html('<a class="durable-link" href="{}">{}</a>', url, subject)
