"""Video transcoding: long renditions side by side, captions made elsewhere, and nothing left lying about.

A video is a folder with a file `source`; what is being made of it lies in a folder in it, named after
the run, and is moved out when it is ready.
"""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path

import durable
from tests.acceptance.site.jobs import mark

HEIGHTS = (240, 480, 1080)


def clean_up(ctx: durable.ContextSync) -> str:
    """Remove what a failed run leaves behind."""
    video, run = ctx.event.data["event"]["data"]["video"], ctx.event.data["run_id"]
    return ctx.step.run("clean-up", tidy, video, run)


@durable.create_function(
    fn_id="transcode",
    trigger=durable.TriggerEvent(event="video/uploaded"),
    on_failure=clean_up,
)
def transcode(ctx: durable.ContextSync) -> list[str]:
    """Render three heights, two at a time; then wait for captions."""
    video, run = ctx.event.data["video"], ctx.run_id
    ctx.step.run("order-captions", order_captions, video)
    work = partial(render, video, run, ctx.event.data["journal"], ctx.event.data.get("seconds", 0))
    renditions = ctx.group.map("render", work, HEIGHTS, size=1, max_parallel=2)
    captions = ctx.step.wait_for_event(
        "captions", event="captions/job.done", match="data.video", timeout="6h", lookback="1h"
    )
    if captions is not None:
        renditions.append(ctx.step.run("captions", write, video, captions.data["text"]))
    ctx.step.run("tidy", tidy, video, run)
    return renditions


def order_captions(video: str) -> str:
    return f"captions of {video}"


def render(video: str, run: str, journal: str, seconds: float, height: int) -> str:
    """Make a rendition where a second try finds it again, and move it out when it is whole."""
    mark(journal, f"{height}-begins")
    draft = Path(video, run, f"{height}.part")
    draft.parent.mkdir(exist_ok=True)
    draft.write_text(Path(video, "source").read_text())
    time.sleep(seconds)
    draft.rename(Path(video, f"{height}.mp4"))
    mark(journal, f"{height}-ends")
    return f"{height}.mp4"


def write(video: str, text: str) -> str:
    Path(video, "captions.vtt").write_text(text)
    return "captions.vtt"


def tidy(video: str, run: str) -> str:
    shutil.rmtree(Path(video, run), ignore_errors=True)
    return run


@durable.create_function(fn_id="poster", trigger=durable.TriggerEvent(event="video/poster-wanted"))
def poster(ctx: durable.ContextSync) -> str:
    """Do something short, which must not wait for what is long."""
    return ctx.step.run("draw", mark, ctx.event.data["journal"], "poster")
