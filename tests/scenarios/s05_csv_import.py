"""CSV import: rows become users, in batches of five hundred; what is wrong with a row is reported."""

from __future__ import annotations

import csv
import hashlib
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

import durable

BATCH = 500  # rows of one step's transaction
WRONG = 20  # rows that a report names


@durable.create_function(
    fn_id="import-users",
    trigger=durable.TriggerEvent(event="site/users.uploaded"),
    idempotency="event.data.sha256",
)
def import_users(ctx: durable.ContextSync) -> dict[str, Any]:
    """Return how many rows were read, how many users are new, and what was wrong."""
    path, sha256 = ctx.event.data["path"], ctx.event.data["sha256"]
    batches = ctx.step.run("find-batches", find_batches, path, sha256)
    done = ctx.group.map("batch", partial(import_batch, path, sha256), batches, size=1)
    wrong = [row for one in done for row in one["wrong"]]
    return {
        "rows": sum(one["rows"] for one in done),
        "wrong": sum(one["count"] for one in done),
        "examples": wrong[:WRONG],
    }


def upload(path: str) -> str:
    """Start the import of a file; one that was uploaded before is not imported again."""
    data = {"path": path, "sha256": digest(path)}
    return durable.send(durable.Event(name="site/users.uploaded", data=data))[0]


def digest(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expect_unchanged(path: str, sha256: str) -> None:
    """Fail the import, without another try, when the file is not the one that was uploaded."""
    try:
        found = digest(path)
    except FileNotFoundError:
        raise durable.NonRetriableError(f"{path} is gone") from None
    if found != sha256:
        raise durable.NonRetriableError(f"{path} was changed after it was uploaded")


def find_batches(path: str, sha256: str) -> list[list[int]]:
    """Return the number of the first row of each batch, and where in the file it begins."""
    expect_unchanged(path, sha256)
    found, place = [], 0
    with Path(path).open("rb") as file:
        for number, line in enumerate(file):
            if number % BATCH == 0:
                found.append([number, place])
            place += len(line)
    return found


def import_batch(path: str, sha256: str, batch: list[int]) -> dict[str, Any]:
    """Create the users of a batch that are not there yet, in one transaction."""
    expect_unchanged(path, sha256)
    users, wrong = [], []
    rows = read(path, *batch)
    for number, row in rows:
        if problem := problem_with(row):
            wrong.append(f"row {number}: {problem}")
        else:
            users.append(User(username=row[0], email=row[1]))
    with transaction.atomic():
        User.objects.bulk_create(users, ignore_conflicts=True)
    return {"rows": len(rows), "count": len(wrong), "wrong": wrong[:WRONG]}


def read(path: str, number: int, place: int) -> list[tuple[int, list[str]]]:
    """Return the rows of a batch with their numbers; no more of the file is in memory."""
    with Path(path).open("rb") as file:
        file.seek(place)
        lines = [line.decode() for _, line in zip(range(BATCH), file, strict=False)]
    return list(enumerate(csv.reader(lines), number))


def problem_with(row: list[str]) -> str:
    if len(row) != 2:
        return f"{len(row)} columns, not 2"
    return "" if "@" in row[1] else f"no address: {row[1]}"
