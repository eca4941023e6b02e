"""Functions: all of them with how they do, and the page of one, where it can be configured."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from durable.admin import function_page, function_rows, person, show
from durable.admin.function_actions import act, offer_run
from durable.admin.function_form import FunctionForm
from durable.admin.function_rows import Row
from durable.admin.readonly import ReadOnlyAdmin
from durable.models import FunctionConfig
from durable.operations.configure import OPTIONS, configure_function
from durable.operations.figures import is_capped

_ABOUT = ("state", "triggers", "coming", "versions", "open_runs", "last_day", "durations")


@admin.register(FunctionConfig)
class FunctionAdmin(ReadOnlyAdmin[FunctionConfig]):
    """Functions come from the code; a row is there only for one of which something is said."""

    form = FunctionForm
    change_list_template = "admin/durable/functionconfig/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the pages by which functions are paused, resumed, reset and run."""
        view = self.admin_site.admin_view
        mine = [
            path(
                "<path:pk>/run/",
                view(lambda request, pk: offer_run(self, request, unquote(pk))),
                name="durable_functionconfig_run",
            ),
            path(
                "<path:pk>/do/<slug:verb>/",
                view(lambda request, pk, verb: act(self, request, unquote(pk), verb)),
                name="durable_functionconfig_do",
            ),
        ]
        return mine + super().get_urls()

    def has_change_permission(
        self, request: HttpRequest, obj: FunctionConfig | None = None
    ) -> bool:
        """Say what Django says."""
        return bool(request.user.has_perm("durable.change_functionconfig"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show all functions."""
        person.require_any(request, "view_functionconfig", "change_functionconfig")
        rows = function_rows.rows()
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("Functions"),
            "opts": self.opts,
            "media": self.media,
            "rows": [function_page.line(self.admin_site, row) for row in rows],
            "is_capped": is_capped({row.id: row.figures for row in rows}),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.change_list_template, context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> FunctionConfig | None:
        """Return what is said of a function; if that is nothing, what would be."""
        found = function_rows.row(unquote(object_id))
        if found is None:
            return None
        found.config.__dict__["seen"] = found
        return found.config

    def get_fieldsets(self, request: HttpRequest, obj: FunctionConfig | None = None) -> Any:
        """Show how it does, and the form."""
        options = {"fields": OPTIONS, "description": self._said(obj) if obj else ""}
        return [(None, {"fields": _ABOUT}), (_("Configuration"), options)]

    def get_readonly_fields(self, request: HttpRequest, obj: FunctionConfig | None = None) -> Any:
        """Have the options be written by who may."""
        return _ABOUT

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what can be done, how parallel it is, and what was done."""
        config = kwargs.get("obj")
        if config is not None:
            seen = self.seen(config)
            context |= {"title": seen.name, "subtitle": None, "has_delete_permission": False}
            context |= function_page.parts(request, self.admin_site, seen)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self,
        request: HttpRequest,
        obj: FunctionConfig,
        form: ModelForm[FunctionConfig],
        change: bool,
    ) -> None:
        """Have the engine do it, which writes down who did."""
        assert isinstance(form, FunctionForm)
        self.changed = configure_function(obj.function, form.changes, actor=person.actor(request))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Say in Django's log what it was before, and after."""
        return person.in_short(self.changed)

    def response_change(self, request: HttpRequest, obj: FunctionConfig) -> HttpResponse:
        """Stay on the page; say when it counts."""
        text = _("Workers obey within about a second, when they next begin to drive a run.")
        messages.success(request, text)
        return show.redirect(self.admin_site, "functionconfig", "change", obj.pk)

    def seen(self, config: FunctionConfig) -> Row:
        """Return the function of a row."""
        row: Row = config.__dict__["seen"]
        return row

    @staticmethod
    def _said(config: FunctionConfig) -> str:
        if not config.changed_by:
            return str(_("Nothing is overridden: code and settings hold."))
        said = _("Last changed by %(who)s on %(time)s. Empty fields are as the code has them.")
        return str(said) % {"who": config.changed_by, "time": show.exact(config.changed)}

    @admin.display(description=_("state"))
    def state(self, config: FunctionConfig) -> SafeString:
        """Show whether it is paused, or unknown here."""
        return function_page.state(self.seen(config))

    @admin.display(description=_("triggers"))
    def triggers(self, config: FunctionConfig) -> SafeString | str:
        """Show what starts it."""
        return function_page.triggers(self.seen(config))

    @admin.display(description=_("next time"))
    def coming(self, config: FunctionConfig) -> SafeString | str:
        """Show when its cron lines come next."""
        lines = self.seen(config).lines
        parts = ((show.code(one.cron), show.exact(one.following), one.why) for one in lines)
        return format_html_join("", "{} {} {}<br>", parts) if lines else show.EMPTY

    @admin.display(description=_("versions"))
    def versions(self, config: FunctionConfig) -> SafeString | str:
        """Show which version is here, and with which the last runs were started."""
        return function_page.versions(self.seen(config))

    @admin.display(description=_("open runs"))
    def open_runs(self, config: FunctionConfig) -> SafeString | str:
        """Show its runs that have not ended, by status."""
        return function_page.counts(self.admin_site, self.seen(config), is_open=True)

    @admin.display(description=_("ended in 24 h"))
    def last_day(self, config: FunctionConfig) -> SafeString | str:
        """Show how its runs of the last day ended."""
        seen = self.seen(config)
        counts = function_page.counts(self.admin_site, seen, is_open=False)
        if not seen.success:
            return counts
        return format_html("{} {}", counts, _("%s successful") % seen.success)

    @admin.display(description=_("durations"))
    def durations(self, config: FunctionConfig) -> str:
        """Show how long its completed runs of the last day took."""
        seen = self.seen(config)
        if not seen.p50:
            return show.EMPTY
        return _("half of them up to %(p50)s, 95%% up to %(p95)s") % {
            "p50": seen.p50,
            "p95": seen.p95,
        }
