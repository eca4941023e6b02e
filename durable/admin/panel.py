"""Runs about an object, on the site's own admin page of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from durable.access.tenancy import sees_all
from durable.templatetags.durable import runs_for

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


class RunsPanelMixin(Base):
    """`class OrderAdmin(RunsPanelMixin, admin.ModelAdmin)`: the newest runs, for who may view runs."""

    runs_shown = 10

    class Media:
        css = {"all": ("durable/admin.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the field."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "durable_runs") if self._has_panel(request, obj) else fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the panel behind the others."""
        mine = ("durable_runs",)
        found = [
            (name, {**options, "fields": [one for one in options["fields"] if one not in mine]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        return [*found, (_("Runs"), {"fields": mine})] if self._has_panel(request, obj) else found

    @admin.display(description=_("runs about it"))
    def durable_runs(self, one: Any) -> SafeString:
        """Show the newest runs about the object."""
        runs = runs_for(one, self.runs_shown, self.admin_site.name)
        context = {"durable_may_view": True, "durable_runs": runs}
        return render_to_string("durable/runs_for.html", context)

    @staticmethod
    def _has_panel(request: HttpRequest, obj: Any) -> bool:
        may_view = request.user.has_perm("durable.view_run") and sees_all(request.user)
        return obj is not None and may_view
