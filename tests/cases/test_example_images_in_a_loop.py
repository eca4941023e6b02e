"""Images resized in a loop, a step for each, named by the image's id."""

from __future__ import annotations

import durable
from tests.harness import Handler, Player, journal, note, steps_of, sync_and_async


def resize(image: int) -> str:
    note(f"resize {image}")
    if image == 12 and journal.count("resize 12") == 1:
        raise OSError("disk is full")
    return f"{image}.webp"


def gallery(ctx: durable.ContextSync) -> list[str]:
    return [ctx.step.run(f"resize-{i}", resize, i) for i in ctx.event.data["images"]]


async def gallery_async(ctx: durable.Context) -> list[str]:
    return [await ctx.step.run(f"resize-{i}", resize, i) for i in ctx.event.data["images"]]


@sync_and_async(gallery, gallery_async)
def test_it_goes_on_at_the_image_that_failed(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"images": [11, 12, 13]})
    assert run.result == ["11.webp", "12.webp", "13.webp"]
    assert journal == ["resize 11", "resize 12", "resize 12", "resize 13"]


@sync_and_async(gallery, gallery_async)
def test_each_image_is_a_step(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"images": [11, 12, 13]})
    assert list(steps_of(run)) == ["resize-11", "resize-12", "resize-13"]
