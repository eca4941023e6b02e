"""The site's ordinary django-q2 tasks: rows of q2's own table, claimed by the database's clock."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Func, QuerySet, Value
from django.db.models.expressions import Combinable
from django_q.models import OrmQ

_RETURNING = ("postgresql", "sqlite")
_SQLITE_NOW = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now'{zone}{later})"


class TaskTable:
    """The queued tasks of one cluster on one database.

    Args:
        alias: the database.
        key: the name of the queue.
        hidden: seconds for which a claimed task stays hidden before it is given out again.
    """

    def __init__(self, alias: str, key: str, hidden: float) -> None:
        self.alias = alias
        self.key = key
        self.hidden = hidden

    @property
    def rows(self) -> QuerySet[OrmQ]:
        """All tasks of this queue."""
        rows: QuerySet[OrmQ] = OrmQ.objects.using(self.alias)
        return rows.filter(key=self.key)

    @property
    def waiting(self) -> QuerySet[OrmQ]:
        """Tasks that may be claimed, oldest first."""
        return self.rows.filter(lock__lte=_now()).order_by("pk")

    @property
    def claimed(self) -> QuerySet[OrmQ]:
        """Tasks given out and not acknowledged yet."""
        return self.rows.filter(lock__gt=_now())

    def add(self, payload: str) -> int:
        """Queue a task; return its id."""
        row = OrmQ.objects.using(self.alias).create(key=self.key, payload=payload, lock=_now())
        return int(row.pk)

    def remove(self, pk: int) -> None:
        """Delete a task, whoever holds it."""
        OrmQ.objects.using(self.alias).filter(pk=pk).delete()

    def claim(self, limit: int) -> list[tuple[int, str]]:
        """Take up to `limit` waiting tasks, oldest first: their ids and payloads."""
        connection = connections[self.alias]
        if connection.vendor not in _RETURNING:
            return self._claim_in_two(connection, limit)
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                # An update takes the one write lock even when it finds nothing.
                cursor.execute(self._glance, [self.key])
                if cursor.fetchone() is None:
                    return []
            cursor.execute(self._claim, [self.key, limit])
            return sorted((int(pk), str(payload)) for pk, payload in cursor.fetchall())

    def _claim_in_two(self, connection: BaseDatabaseWrapper, limit: int) -> list[tuple[int, str]]:
        if not self.waiting.exists():
            return []
        skip = connection.features.has_select_for_update_skip_locked
        with transaction.atomic(self.alias):
            waiting = self.waiting.select_for_update(skip_locked=skip)
            found = list(waiting.values_list("pk", "payload")[:limit])
            hidden_until = ExpressionWrapper(
                _now() + Value(timedelta(seconds=self.hidden), DurationField()), DateTimeField()
            )
            self.rows.filter(pk__in=[pk for pk, _ in found]).update(lock=hidden_until)
        return found

    @cached_property
    def _claim(self) -> str:
        table, pk, key, payload, lock = self._names
        now, later = self._clock
        picked = (
            f"SELECT {pk} FROM {table} WHERE {key} = %s AND {lock} <= {now}"  # noqa: S608
            f" ORDER BY {pk} LIMIT %s"
        )
        # ARRAY makes Postgres evaluate the limit once, whatever the plan.
        within = (
            f"{pk} = ANY(ARRAY({picked} FOR UPDATE SKIP LOCKED))"
            if connections[self.alias].vendor == "postgresql"
            else f"{pk} IN ({picked})"
        )
        return f"UPDATE {table} SET {lock} = {later} WHERE {within} RETURNING {pk}, {payload}"  # noqa: S608

    @cached_property
    def _glance(self) -> str:
        table, _, key, _, lock = self._names
        return f"SELECT 1 FROM {table} WHERE {key} = %s AND {lock} <= {self._clock[0]} LIMIT 1"  # noqa: S608

    @property
    def _names(self) -> tuple[str, str, str, str, str]:
        quote = connections[self.alias].ops.quote_name
        meta = OrmQ._meta
        pk, key, payload, lock = (
            quote(meta.get_field(name).column) for name in ("id", "key", "payload", "lock")
        )
        return quote(meta.db_table), pk, key, payload, lock

    @property
    def _clock(self) -> tuple[str, str]:
        if connections[self.alias].vendor == "postgresql":
            return "clock_timestamp()", f"clock_timestamp() + interval '{self.hidden} seconds'"
        zone = "" if settings.USE_TZ else ", 'localtime'"
        later = f", '+{self.hidden} seconds'"
        return tuple(_SQLITE_NOW.format(zone=zone, later=text) for text in ("", later))  # type: ignore[return-value]


class _DatabaseClock(Func):
    """The time of the database, in the zone in which Django keeps times there."""

    arity = 0
    template = "CURRENT_TIMESTAMP"
    output_field = DateTimeField()

    def as_postgresql(self, compiler, connection, **extra):  # type: ignore[no-untyped-def]
        return self.as_sql(compiler, connection, template="clock_timestamp()", **extra)

    def as_mysql(self, compiler, connection, **extra):  # type: ignore[no-untyped-def]
        name = "UTC_TIMESTAMP(6)" if settings.USE_TZ else "CURRENT_TIMESTAMP(6)"
        return self.as_sql(compiler, connection, template=name, **extra)

    def as_sqlite(self, compiler, connection, **extra):  # type: ignore[no-untyped-def]
        zone = "" if settings.USE_TZ else ", 'localtime'"
        name = _SQLITE_NOW.format(zone=zone, later="").replace("%", "%%")
        return self.as_sql(compiler, connection, template=name, **extra)


def _now() -> Combinable:
    return _DatabaseClock()
