"""Indexes over some rows only, where the database can have them."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Index, Model, Q, UniqueConstraint

_NOTHING = "DO 0"  # a statement that does nothing, on MariaDB


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
        if not _can_be_partial(schema_editor):
            return super().create_sql(model, schema_editor, using, **kwargs)
        partial = Index(fields=self.fields, name=self.name, condition=self.where)
        return partial.create_sql(model, schema_editor, using, **kwargs)

    def deconstruct(self) -> Any:
        path, expressions, kwargs = super().deconstruct()
        return path, expressions, {**kwargs, "where": self.where}


class PartialIndex(OpenIndex):
    """Partial, or not there at all: of all rows, it would be the primary key once more."""

    def create_sql(
        self,
        model: type[Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Statement:
        made = super().create_sql(model, schema_editor, using, **kwargs)
        return made if _can_be_partial(schema_editor) else Statement(_NOTHING)

    def remove_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, **kwargs: Any
    ) -> Any:
        made = super().remove_sql(model, schema_editor, **kwargs)
        return made if _can_be_partial(schema_editor) else Statement(_NOTHING)


class KnownUnique(UniqueConstraint):
    """One column that no two rows share, unless it is NULL: rows without a value cost no entry.

    Whole on MariaDB, which takes NULL for no other's equal, too.
    """

    def __init__(self, *, field: str, name: str) -> None:
        super().__init__(fields=[field], name=name)

    def constraint_sql(
        self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> Any:
        return self._on(schema_editor).constraint_sql(model, schema_editor)

    def create_sql(
        self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> Any:
        return self._on(schema_editor).create_sql(model, schema_editor)

    def remove_sql(
        self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> Any:
        return self._on(schema_editor).remove_sql(model, schema_editor)

    def deconstruct(self) -> Any:
        path, _expressions, _kwargs = super().deconstruct()
        return path, (), {"field": self.fields[0], "name": self.name}

    def _on(self, schema_editor: BaseDatabaseSchemaEditor | None) -> UniqueConstraint:
        if schema_editor is None or not _can_be_partial(schema_editor):
            return UniqueConstraint(fields=self.fields, name=self.name)
        known = Q(**{f"{self.fields[0]}__isnull": False})
        return UniqueConstraint(fields=self.fields, name=self.name, condition=known)


def _can_be_partial(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    return schema_editor.connection.features.supports_partial_indexes
