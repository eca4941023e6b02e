"""A video: read its metadata, transcode it three times in parallel, then update the page and notify.

Only the transcode that failed runs again.
"""

from __future__ import annotations

from functools import partial

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, give, journal, note, say, sync_and_async

FORMATS = ("480p", "720p", "1080p")


def read_metadata(path: str) -> dict[str, object]:
    return give("metadata", {"path": path, "seconds": 90})


def transcode(metadata: dict[str, object], quality: str) -> str:
    note(f"transcode {quality}")
    if quality == "720p" and journal.count("transcode 720p") == 1:
        raise RuntimeError("the encoder crashed")
    return f"{metadata['path']}.{quality}"


def publish(ctx: durable.ContextSync) -> list[str]:
    metadata = ctx.step.run("metadata", read_metadata, ctx.event.data["path"])
    files = ctx.group.parallel(
        tuple(partial(ctx.step.run, f"transcode-{q}", transcode, metadata, q) for q in FORMATS)
    )
    ctx.step.run("update-page", say, "update page")
    ctx.step.run("notify", say, "notify")
    return list(files)


async def publish_async(ctx: durable.Context) -> list[str]:
    metadata = await ctx.step.run("metadata", read_metadata, ctx.event.data["path"])
    branches = (partial(ctx.step.run, f"transcode-{q}", transcode, metadata, q) for q in FORMATS)
    files = await ctx.group.parallel(tuple(branches))
    await ctx.step.run("update-page", say, "update page")
    await ctx.step.run("notify", say, "notify")
    return list(files)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(publish, publish_async)
def test_only_the_failed_transcode_runs_again(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, {"path": "cat"}, parallel_mode=mode, strict=strict)
    assert run.result == ["cat.480p", "cat.720p", "cat.1080p"]
    assert journal[0] == "metadata"
    assert set(journal[1:4]) == {"transcode 480p", "transcode 720p", "transcode 1080p"}
    assert journal[4:] == ["transcode 720p", "update page", "notify"]
