"""C4: the server ends sessions."""

from __future__ import annotations

from django.db import connection

from tests.campaigns.chaos.scene import ImpossibleError, Scene


def end_session(scene: Scene) -> None:
    """End one of all sessions but this one."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                " current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
            )
        elif connection.vendor == "mysql":
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
                " AND id <> CONNECTION_ID() ORDER BY RAND() LIMIT 1"
            )
            for (session,) in cursor.fetchall():
                cursor.execute(f"KILL {int(session)}")
        else:
            raise ImpossibleError
    scene.note("session ended by the server")
