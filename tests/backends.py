"""The databases the tests can run on: which one is chosen, where it is, and whether it answers.

`DURABLE_TEST_DATABASE` chooses (sqlite, postgres or mariadb); `DURABLE_TEST_POSTGRES`,
`DURABLE_TEST_MARIADB` and `DURABLE_TEST_REDIS` say where a server is, if not on this machine.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from project import database

NAMES = ("sqlite", "postgres", "mariadb")
SERVERS = {
    "postgres": "postgresql://postgres@127.0.0.1:5432/postgres",
    "mariadb": "mariadb://root@127.0.0.1:3306/",
    "redis": "redis://127.0.0.1:6379/15",
}
OLDEST_POSTGRES = 15
CHILD_OF = "DURABLE_TEST_CHILD_OF"  # in the environment of every process that a test starts


def chosen() -> str:
    """Return the name of the database this test run is on."""
    name = os.environ.get("DURABLE_TEST_DATABASE", "sqlite")
    if name not in NAMES:
        raise ValueError(f"DURABLE_TEST_DATABASE is {name!r}; it may be {', '.join(NAMES)}")
    return name


def url(server: str) -> str:
    """Return the address of a server."""
    return os.environ.get(f"DURABLE_TEST_{server.upper()}") or SERVERS[server]


def databases() -> dict[str, Any]:
    """Return `DATABASES` for the chosen backend.

    Processes that a test starts find the test's own database by `DURABLE_TEST_NAME`; see
    `child_environment`.
    """
    backend = chosen()
    mine = os.environ.get("DURABLE_TEST_NAME")
    if backend == "sqlite":
        file = mine or str(scratch() / "site.sqlite3")
        entry = database.parse(f"sqlite:///{file}")
        entry["TEST"] = {"NAME": str(scratch() / "test.sqlite3")}
        return {"default": entry}
    if backend == "mariadb":
        _pretend_mysqlclient()
    entry = database.parse(url(backend))
    entry["NAME"] = mine or entry["NAME"]
    entry["TEST"] = {"NAME": f"test_durable_{scratch().name.rpartition('-')[2]}"}
    if backend == "mariadb":
        entry["TEST"] |= {"CHARSET": "utf8mb4"}
        # PyMySQL reads all certificates of the machine for each connection, 25 ms, whether they are wanted or not.
        entry["OPTIONS"] |= {"charset": "utf8mb4", "ssl_disabled": True}
    return {"default": entry}


def cluster() -> dict[str, Any]:
    """Return `Q_CLUSTER`: on durable's own broker, or on the one `DURABLE_TEST_BROKER` names.

    That may be "orm" or "redis", django-q2's own.
    """
    brokers: dict[str, dict[str, Any]] = {
        "durable": {"broker_class": "durable.q2.broker.Broker", "orm": "default"},
        "orm": {"orm": "default", "poll": 0.1},
        "redis": {"redis": url("redis")},
    }
    broker = brokers[os.environ.get("DURABLE_TEST_BROKER", "durable")]
    return {"name": scratch().name, "workers": 2, "timeout": 90, "retry": 120, **broker}


def scratch() -> Path:
    """Return the folder of this test run, which goes when the process that made it ends."""
    known = os.environ.get("DURABLE_TEST_SCRATCH")
    if known:
        return Path(known)
    made = tempfile.mkdtemp(prefix="durable-")
    os.environ["DURABLE_TEST_SCRATCH"] = made
    atexit.register(_remove, made, os.getpid())
    return Path(made)


def child_environment(**extra: str) -> dict[str, str]:
    """Return the environment in which a process started by a test sees the test's database.

    The test needs committed rows, hence `@pytest.mark.django_db(transaction=True)`.
    """
    from django.db import connection

    return {
        **os.environ,
        CHILD_OF: str(os.getpid()),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DURABLE_TEST_DATABASE": chosen(),
        "DURABLE_TEST_NAME": str(connection.settings_dict["NAME"]),
        "DURABLE_TEST_SCRATCH": str(scratch()),
        "TMPDIR": str(scratch()),
        **extra,
    }


def end_other_sessions() -> None:
    """Have Postgres forget the sessions of threads and killed processes, which bar the way to DROP."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def why_unreachable(server: str) -> str:
    """Return why a server cannot be used, or nothing if it can."""
    try:
        _greet(server)
    except Exception as error:  # noqa: BLE001  whatever the driver says is the reason
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def hosts() -> set[str]:
    """Return the hosts that tests may talk to."""
    found = {urlsplit(url(server)).hostname or "" for server in SERVERS}
    return found | {"localhost", "127.0.0.1", "::1", ""}


def _greet(server: str) -> None:
    if server == "redis":
        import redis

        with redis.Redis.from_url(url(server), socket_timeout=2) as client:
            client.ping()
    elif server == "postgres":
        import psycopg

        with psycopg.connect(url(server), connect_timeout=2) as connection:
            version = connection.info.server_version // 10_000
        if version < OLDEST_POSTGRES:
            raise RuntimeError(f"PostgreSQL {version} is older than {OLDEST_POSTGRES}")
    elif server == "mariadb":
        import pymysql

        entry = database.parse(url(server))
        port = int(entry["PORT"] or 3306)
        pymysql.connect(
            host=entry["HOST"],
            port=port,
            user=entry["USER"],
            password=entry["PASSWORD"],
            connect_timeout=2,
        ).close()


def _pretend_mysqlclient() -> None:
    """Offer PyMySQL, which needs no compiler, under the name and version Django asks for."""
    import pymysql

    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
