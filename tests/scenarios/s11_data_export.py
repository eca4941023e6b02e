"""All users are exported: a snapshot, shards in parallel, one file, a signed link, gone after a week."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.core import signing
from django.http import HttpRequest, HttpResponse

import durable

MAY_EXPORT = "auth.view_user"
SHARD = 50  # users
PRIMARY = "default"  # a snapshot read elsewhere may be older than the request


def give_up(ctx: durable.ContextSync) -> None:
    """Let the user ask again although the export failed."""
    ctx.step.run("release", release, ctx.event.data["event"]["data"]["user"])


@durable.create_function(
    fn_id="export-users",
    trigger=durable.TriggerEvent(event="export/requested"),
    on_failure=give_up,
)
def export_users(ctx: durable.ContextSync) -> str:
    """Export, one export at a time for each user. Steps hand on names of files, never their content."""
    folder, user = ctx.event.data["folder"], ctx.event.data["user"]
    if not ctx.step.run("take", take, user, atomic=True):
        return "one is at work"
    expiry = ctx.step.run("expiry", expires, ctx.event.ts)
    bounds = ctx.step.run("snapshot", snapshot)
    parts = ctx.group.parallel(
        tuple(
            partial(ctx.step.run, f"shard-{n}", write_shard, folder, ctx.run_id, n, first, last)
            for n, (first, last) in enumerate(bounds)
        )
    )
    file = ctx.step.run("upload", upload, folder, f"{expiry} {ctx.run_id}.csv", list(parts))
    is_allowed = ctx.step.run("publish", publish, folder, user, file)
    ctx.step.run("release", release, user)
    if is_allowed:
        ctx.group.race(
            (
                lambda: ctx.step.sleep("a-week", "7d"),
                lambda: ctx.step.wait_for_event(
                    "revoked", event="export/revoked", match="data.user", timeout="30d"
                ),
            )
        )
    ctx.step.run("delete", delete, folder, file)
    return "expired" if is_allowed else "refused"


def take(user: int) -> bool:
    """Note that a user's export is at work; return whether none was."""
    return Group.objects.get_or_create(name=f"export of {user}")[1]


def release(user: int) -> None:
    """Note that a user's export is done."""
    Group.objects.filter(name=f"export of {user}").delete()


def expires(ts: int) -> str:
    """Return until when a file is kept, as text that begins its name."""
    return (datetime.fromtimestamp(ts / 1000, UTC) + timedelta(days=8)).date().isoformat()


def snapshot() -> list[tuple[int, int]]:
    """Return first and last key of each shard of the users there are now."""
    keys = list(User.objects.using(PRIMARY).order_by("pk").values_list("pk", flat=True))
    return [(keys[n], keys[min(n + SHARD, len(keys)) - 1]) for n in range(0, len(keys), SHARD)]


def write_shard(folder: str, run: str, number: int, first: int, last: int) -> str:
    """Write a shard; return its name. A second try writes the same file."""
    users = User.objects.using(PRIMARY).filter(pk__range=(first, last)).order_by("pk")
    name = f"{run}-{number}.part"
    draft = Path(folder, f"{name}.draft")
    draft.write_text("".join(f"{user.pk},{user.username},{user.email}\n" for user in users))
    if Path(folder, "slow").exists():
        time.sleep(0.3)
    draft.replace(Path(folder, name))
    return name


def upload(folder: str, name: str, parts: list[str]) -> dict[str, str]:
    """Join the shards; return the name of the file and the digest of its content.

    The parts are deleted when the next step begins: this one may be tried again.
    """
    text = "".join(Path(folder, part).read_text() for part in parts)
    Path(folder, name).write_text(text)
    return {"name": name, "digest": sha256(text.encode()).hexdigest()}


def publish(folder: str, user: int, file: dict[str, str]) -> bool:
    """Mail a link, if the user may still have it."""
    for part in Path(folder).glob(f"{file['name'].split()[1][:36]}-*"):
        part.unlink()
    if not may_export(user):
        return False
    link = signing.dumps({"user": user, "folder": folder, "name": file["name"]})
    Path(folder, "mails").write_text(link)
    return True


def may_export(user: int) -> bool:
    """Whether a user may see exports, as of now."""
    found = User.objects.using(PRIMARY).filter(pk=user, is_active=True).first()
    return found is not None and found.has_perm(MAY_EXPORT)


def delete(folder: str, file: dict[str, str]) -> None:
    """Delete an export, if it is there."""
    with suppress(FileNotFoundError):
        Path(folder, file["name"]).unlink()


def download_view(request: HttpRequest, link: str) -> HttpResponse:
    """Serve an export to whom it was made for."""
    asked = signing.loads(link, max_age=7 * 24 * 3600)
    file = Path(asked["folder"], asked["name"])
    if not may_export(asked["user"]) or not file.exists():
        return HttpResponse(status=404)
    return HttpResponse(file.read_text(), content_type="text/csv")


@durable.create_function(
    fn_id="sweep-exports", trigger=durable.TriggerEvent(event="export/sweep.due")
)
def sweep_exports(ctx: durable.ContextSync) -> list[str]:
    """Delete files whose run is gone: their names tell until when they are kept."""
    return ctx.step.run("sweep", sweep, ctx.event.data["folder"], ctx.event.data["today"])


def sweep(folder: str, today: str) -> list[str]:
    """Delete files that are kept until before today; return their names."""
    old = [path for path in Path(folder).glob("*.csv") if path.name.split()[0] < today]
    for path in old:
        path.unlink()
    return [path.name for path in old]
