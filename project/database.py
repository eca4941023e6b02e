"""Reads a database's address, as `postgresql://user:password@host/name`, into Django's dict."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

ENGINES = {
    "sqlite": "sqlite3",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}

# A write that begins as a read cannot wait for its turn in SQLite, hence IMMEDIATE.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}


def parse(url: str) -> dict[str, Any]:
    """Return the `DATABASES` entry for a URL; `sqlite:///name` is a file, relative to here."""
    parts = urlsplit(url)
    if parts.scheme not in ENGINES:
        known = ", ".join(ENGINES)
        raise ValueError(f"DATABASE_URL begins with {parts.scheme!r}; known are {known}")
    engine = f"django.db.backends.{ENGINES[parts.scheme]}"
    name = unquote(parts.path[1:])
    if parts.scheme == "sqlite":
        return {"ENGINE": engine, "NAME": name, "OPTIONS": dict(SQLITE_OPTIONS)}
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": engine,
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
