"""An index over open rows only, where the database can have one."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Index, Model, Q


class OpenIndex(Index):
    """Partial on Postgres and SQLite, whole on MariaDB, without Django's warning about the difference.

    Correctness never leans on `where`: a closed row has NULL in `due_at`, which no `<=` matches.
    """

    def __init__(self, *expressions: Any, where: Q, **kwargs: Any) -> None:
        super().__init__(*expressions, **kwargs)
        self.where = where

    def create_sql(
        self,
        model: type[Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Statement:
        if not schema_editor.connection.features.supports_partial_indexes:
            return super().create_sql(model, schema_editor, using, **kwargs)
        partial = Index(fields=self.fields, name=self.name, condition=self.where)
        return partial.create_sql(model, schema_editor, using, **kwargs)

    def deconstruct(self) -> Any:
        path, expressions, kwargs = super().deconstruct()
        return path, expressions, {**kwargs, "where": self.where}
