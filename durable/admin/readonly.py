"""What all pages share: they show, and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern

from durable.access.tenancy import sees_all
from durable.admin.paging import CappedPaginator, LeanChangeList
from durable.store import get_store

View = Callable[..., HttpResponseBase]
M = TypeVar("M", bound=Model)


def guarded(view: View) -> View:
    """Let a view be seen by who may see all tenants, at an address that every database takes.

    PostgreSQL takes no NUL character in a text: 400. These pages are of all tenants: 403 for who is
    bound to one.
    """

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not sees_all(request.user):
            raise PermissionDenied
        given = [one for _name, values in request.GET.lists() for one in values]
        if any("\0" in str(one) for one in (*given, *args, *kwargs.values())):
            raise BadRequest("The address holds a NUL character.")
        return view(request, *args, **kwargs)

    return guard


if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:

    class Base(admin.ModelAdmin):
        """Takes a type argument, as the stubs say it does."""

        def __class_getitem__(cls, item: object) -> type:
            return cls


class ReadOnlyAdmin(Base[M]):
    """Pages for who may view, on the database where the rows are written."""

    lean: tuple[str, ...] = ()  # columns that the list does not load
    actions: Any = None
    ordering = ("-pk",)
    sortable_by = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50
    paginator = CappedPaginator
    view_on_site = False

    class Media:
        css = {"all": ("durable/admin.css",)}

    @property
    def urls(self) -> list[URLPattern]:
        """Return all pages, guarded."""
        return [
            URLPattern(one.pattern, guarded(one.callback), one.default_args, one.name)
            for one in self.get_urls()
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Return all rows."""
        return super().get_queryset(request).using(get_store().alias)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the kind of list."""
        return LeanChangeList

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Say whether the user is shown that there are such pages."""
        return super().has_module_permission(request) and sees_all(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Say no."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        """Return all fields that are shown."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))
