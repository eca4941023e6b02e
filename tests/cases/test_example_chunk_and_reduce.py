"""Two hundred chunks counted in parallel, then reduced to one sum."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, give, journal, note, sync_and_async

CHUNKS = 200


def split(text: str) -> list[str]:
    return give("split", [text] * CHUNKS)


def count_words(number: int, chunk: str) -> int:
    note(f"count {number}")
    if number == 150 and journal.count("count 150") == 1:
        raise ConnectionError("try again")
    return len(chunk.split())


def reduce(counts: list[int]) -> int:
    return give("reduce", sum(counts))


def words(ctx: durable.ContextSync) -> int:
    chunks = ctx.step.run("split", split, ctx.event.data["text"])
    steps = (partial(ctx.step.run, "count", count_words, n, c) for n, c in enumerate(chunks))
    return ctx.step.run("reduce", reduce, list(ctx.group.parallel(tuple(steps))))


async def words_async(ctx: durable.Context) -> int:
    chunks = await ctx.step.run("split", split, ctx.event.data["text"])
    steps = (partial(ctx.step.run, "count", count_words, n, c) for n, c in enumerate(chunks))
    return await ctx.step.run("reduce", reduce, list(await ctx.group.parallel(tuple(steps))))


@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(words, words_async)
def test_every_chunk_is_counted_once_but_the_one_that_failed(
    player: Player, handler: Handler, mode: ParallelMode
) -> None:
    run = player.play(handler, {"text": "one two three"}, parallel_mode=mode)
    assert run.result == 3 * CHUNKS
    assert journal[0] == "split"
    assert journal[-2:] == ["count 150", "reduce"]
    expected = Counter({f"count {number}": 1 for number in range(CHUNKS)})
    expected["count 150"] = 2
    assert Counter(journal[1:-1]) == expected
