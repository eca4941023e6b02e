"""C9: the disk is full for a while."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection

from durable.models import Run, Step
from tests.campaigns.chaos.scene import ImpossibleError, Scene
from tests.campaigns.chaos.server import Server

SIZE = "400m"
FULL = 5.0  # seconds
_TRIES = 20
_NAME = "durable_small"


@contextmanager
def small(server: Server | None) -> Iterator[Path | None]:
    """Keep runs and steps on a disk of their own that is small; None where that cannot be made."""
    is_able = connection.vendor == "postgresql" and not os.geteuid() and shutil.which("mount")
    if server is None or not is_able:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="durable-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=True)
    try:
        data = folder / "data"
        data.mkdir()
        os.chown(data, server.user, -1)
        _move_to(f"'{data}'")
        yield folder
        _move_back()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(scene: Scene) -> None:
    """Leave no room, and free it again."""
    if scene.disk is None:
        raise ImpossibleError
    balloon = scene.disk / "balloon"
    scene.note("disk full")
    with balloon.open("wb") as file:
        for _ in range(_TRIES):  # others write, too
            with suppress(OSError):
                size = os.fstat(file.fileno()).st_size
                os.posix_fallocate(file.fileno(), size, shutil.disk_usage(scene.disk).free)
    scene.later(FULL, balloon.unlink)


def _move_to(place: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLESPACE {_NAME} LOCATION {place}")
    _set(_NAME)


def _move_back() -> None:
    _set("pg_default")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLESPACE {_NAME}")


def _set(name: str) -> None:
    with connection.cursor() as cursor:
        for model in (Run, Step):
            table = model._meta.db_table
            cursor.execute(f"SELECT indexname FROM pg_indexes WHERE tablename = '{table}'")
            indexes = [row[0] for row in cursor.fetchall()]
            cursor.execute(f'ALTER TABLE "{table}" SET TABLESPACE {name}')
            for index in indexes:
                cursor.execute(f'ALTER INDEX "{index}" SET TABLESPACE {name}')
