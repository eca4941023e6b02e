"""Lists of any length: never counted beyond a cap, and without the columns that hold payloads."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

MOST = 2000  # rows that are counted, and that pages show


class Capped(int):
    """A count that stopped at the cap."""

    def __str__(self) -> str:
        return f">{int(self)}"


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # it takes none at run time
    """Pages over the first rows of a list; who looks for older ones filters or searches."""

    @cached_property
    def count(self) -> int:
        """Count the rows, up to the cap."""
        rows: Any = self.object_list
        counted: int = rows.order_by().values("pk")[: MOST + 1].count()
        return Capped(MOST) if counted > MOST else counted


class LeanChangeList(ChangeList):
    """A list that leaves `lean` columns in the database."""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        """Return the rows of the list."""
        rows = super().get_queryset(request, exclude_parameters)
        return rows.defer(*getattr(self.model_admin, "lean", ()))

    def get_results(self, request: HttpRequest) -> None:
        """Fetch one page, and what the page needs besides."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        prepare = getattr(self.model_admin, "prepare", None)
        if prepare:
            prepare(self.result_list)
