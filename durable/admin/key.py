"""Keys in the admin: made, listed, rotated, revoked; a secret is shown once, on the page that made it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from durable.access.keys import KeyInvalidError, Made, Rights, make, revoke, rotate
from durable.access.scopes import OPERATIONS, may_user_grant
from durable.admin.person import actor, in_short, log
from durable.admin.readonly import ReadOnlyAdmin
from durable.models import Key
from durable.store import get_store

_MADE = "_durable_made"

if TYPE_CHECKING:
    Base = forms.ModelForm[Key]
else:
    Base = forms.ModelForm


class RightsForm(Base):
    """What a key is to be for."""

    signs = forms.BooleanField(label=_("signs requests"), required=False)

    class Meta:
        model = Key
        fields = ("name", "operations", "events", "tenant", "rate", "expires")
        help_texts = {
            "operations": format_lazy(
                _("One a line, of {known}; runs.* is all that begins so."),
                known=", ".join(OPERATIONS),
            ),
            "events": _("Names it may send, one a line; shop/* is all that begin so."),
            "tenant": _("The only one it sees and sends for."),
        }

    def clean(self) -> dict[str, Any]:
        """Check the rights."""
        given = super().clean() or {}
        if not self.errors:
            try:
                _rights(given).key()
            except KeyInvalidError as error:
                raise ValidationError({error.field: str(error)}) from error
        return given


@admin.register(Key)
class KeyAdmin(ReadOnlyAdmin[Key]):
    """A key is never changed: rotate it, or make another."""

    form = RightsForm
    list_display = (
        "prefix",
        "name",
        "operations",
        "events",
        "tenant",
        "used",
        "expires",
        "revoked",
    )
    search_fields = ("prefix", "name", "tenant")
    actions = ("rotate", "revoke")
    fields = (
        *("prefix", "name", "operations", "events", "tenant", "rate"),
        *("created", "expires", "revoked", "used", "replaces"),
    )

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Name both fields of a time: Django labels neither."""
        form = super().get_form(request, *args, **kwargs)
        if expires := form.base_fields.get("expires"):
            date, time = expires.widget.widgets
            date.attrs["aria-label"], time.attrs["aria-label"] = _("expires, date"), _("time")
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may make keys."""
        return request.user.has_perm("durable.add_key")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may rotate and revoke keys."""
        return request.user.has_perm("durable.change_key")

    def get_fields(self, request: HttpRequest, obj: Key | None = None) -> Any:
        """Return what is asked for a new key, or what is shown of one."""
        return self.fields if obj else [*RightsForm.Meta.fields, "signs"]

    def get_readonly_fields(self, request: HttpRequest, obj: Key | None = None) -> Any:
        """Return what cannot be written."""
        return super().get_readonly_fields(request, obj) if obj else ()

    def save_model(self, request: HttpRequest, obj: Key, form: Any, change: bool) -> None:
        """Make the key.

        Raises:
            PermissionDenied: it may do more than the user may.
        """
        key = _rights(form.cleaned_data).key()
        _check_grant(request, [key])
        made = make(get_store(), actor(request), key, signs=form.cleaned_data["signs"])
        obj.pk, obj.prefix = made.key.pk, made.key.prefix
        setattr(obj, _MADE, made)

    def response_add(
        self, request: HttpRequest, obj: Key, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret."""
        return self._shown(request, [getattr(obj, _MADE)])

    @admin.action(description=_("Rotate: make successors"), permissions=["manage"])
    def rotate(self, request: HttpRequest, keys: QuerySet[Key]) -> HttpResponse | None:
        """Make successors; the keys go on for a day."""
        _check_grant(request, keys)
        if keys.exclude(revoked=None).exists():
            self.message_user(
                request, _("A key that was revoked cannot be rotated."), messages.ERROR
            )
            return None
        made = []
        for key in keys:
            before = key.expires
            made.append(rotate(get_store(), actor(request), key))
            change = {
                "expires": (before, key.expires),
                "successor": (None, made[-1].key.prefix),
            }
            log(self, request, key, "rotate", in_short(change))
        return self._shown(request, made)

    @admin.action(description=_("Revoke"), permissions=["manage"])
    def revoke(self, request: HttpRequest, keys: QuerySet[Key]) -> None:
        """End keys at once."""
        _check_grant(request, keys)
        count = 0
        for key in keys:
            if revoke(get_store(), actor(request), key):
                log(self, request, key, "revoke", in_short({"revoked": (None, key.revoked)}))
                count += 1
        self.message_user(request, _("%(count)d revoked.") % {"count": count})

    def _shown(self, request: HttpRequest, made: Iterable[Made]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Keep these: they cannot be shown again"),
            "made": made,
            "opts": self.opts,
        }
        return TemplateResponse(
            request,
            "admin/durable/key/made.html",
            context,
            headers={"Cache-Control": "no-store"},
        )


def _rights(given: Any) -> Rights:
    return Rights(
        name=given["name"],
        operations=given["operations"].split(),
        events=[line.strip() for line in given["events"].splitlines() if line.strip()],
        tenant=given["tenant"],
        rate=given["rate"],
        expires=given["expires"],
    )


def _check_grant(request: HttpRequest, keys: Iterable[Key]) -> None:
    if not all(may_user_grant(request.user.has_perm, key.operations) for key in keys):
        raise PermissionDenied
