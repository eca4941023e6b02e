"""A copy of each state that runs were in, made by the database itself; on Postgres only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_MAKE = """
CREATE TABLE chaos_audit (at timestamptz DEFAULT clock_timestamp(), run uuid, status text,
 claim bigint, crashes int, owner text, due_at timestamptz, reason text);
CREATE FUNCTION chaos_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
 INSERT INTO chaos_audit (run, status, claim, crashes, owner, due_at, reason)
 VALUES (NEW.id, NEW.status, NEW.claim, NEW.crashes, NEW.owner, NEW.due_at, NEW.reason);
 RETURN NULL; END $$;
CREATE TRIGGER chaos_audit AFTER INSERT OR UPDATE ON durable_run
 FOR EACH ROW WHEN (NEW.function = 'chaos-poison') EXECUTE FUNCTION chaos_audit();
"""
_DROP = """
DROP TRIGGER chaos_audit ON durable_run; DROP FUNCTION chaos_audit; DROP TABLE chaos_audit;
"""


@contextmanager
def kept() -> Iterator[None]:
    """Copy the states of those whose bodies kill, while the block is executed."""
    if connection.vendor != "postgresql":
        yield
        return
    _say(_MAKE)
    yield
    _say(_DROP)


def of(run: str) -> str:
    """Return the states of a run, one a line."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chaos_audit WHERE run = %s ORDER BY at", [run])
        return "\n".join(str([str(value) for value in row]) for row in cursor.fetchall())


def _say(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)
