"""Summarise a text by chunks: ask a model about each, at most so many at a time, then about the answers.

Texts and answers are files; steps record where they are, not what they say. What was paid for is kept
by the model's client before the step is recorded, and found again by a key.
"""

from __future__ import annotations

import random
import time
from functools import partial
from pathlib import Path
from typing import Any

import durable
from tests.acceptance.site.jobs import mark

EXAMPLES = ("Say it in one sentence.", "Say it as to a child.", "Say it without adjectives.")
CENTS = 2  # for each question


class RateLimitedError(Exception):
    """The model is asked too often; the response says after how many seconds to come back."""

    def __init__(self, seconds: int) -> None:
        self.headers = {"retry-after": str(seconds)}
        super().__init__("429 Too Many Requests")


class RefusedError(Exception):
    """The model will not answer this."""


class Model:
    """A client that asks once for each key: answers are kept in a folder."""

    def __init__(self, folder: str, journal: str, seconds: float = 0.0) -> None:
        self.folder, self.journal, self.seconds = Path(folder), journal, seconds

    def ask(self, key: str, prompt: str, text: str) -> dict[str, Any]:
        """Return the name of the file with the answer, and what it cost."""
        name = f"{key.replace(':', '-')}.answer"
        if not (self.folder / name).exists():
            self._keep(name, clean(complete(prompt, text)))
            mark(self.journal, f"asked-{key.rpartition(':')[2]}")
        time.sleep(self.seconds)
        mark(self.journal, f"got-{key.rpartition(':')[2]}")
        return {"answer": name, "cents": CENTS}

    def _keep(self, name: str, answer: str) -> None:
        draft = self.folder / f"{name}.part"
        draft.write_text(answer)
        draft.rename(self.folder / name)


def complete(prompt: str, text: str) -> str:
    """Stand in for the model."""
    return f"{prompt} {text[:40]}"


def clean(text: str) -> str:
    """Drop what no database stores: NUL, and halves of characters."""
    return text.replace("\0", "").encode(errors="ignore").decode()


@durable.create_function(
    fn_id="summarise", trigger=durable.TriggerEvent(event="texts/summary.wanted")
)
def summarise(ctx: durable.ContextSync) -> dict[str, Any]:
    """Return the summary, what it cost, which chunks had no answer, and what the reviewer said."""
    data = ctx.event.data
    model = Model(data["folder"], data["journal"], data.get("seconds", 0.0))
    prompt = ctx.step.run("prompt", random.choice, EXAMPLES)
    chunks = ctx.step.run("split", split, data["text"], data["size"])
    work = partial(ask_about, model, f"{ctx.run_id}:{{}}", prompt, data["text"])
    found = ctx.group.map("ask", work, chunks, size=1, max_parallel=data.get("at_a_time", 100))
    answers = [one["answer"] for one in found if "answer" in one]
    summary = ctx.step.run("reduce", reduce_to_one, model, f"{ctx.run_id}:all", answers)
    review = ctx.step.wait_for_event(
        "review", event="texts/summary.reviewed", match="data.text", timeout="2d", lookback="1h"
    )
    return {
        "summary": summary["answer"],
        "cents": sum(one.get("cents", 0) for one in [*found, summary]),
        "unanswered": [one["error"] for one in found if "error" in one],
        "review": review and review.data["verdict"],
    }


def split(text: str, size: int) -> list[list[int]]:
    """Return where chunks begin and end."""
    length = Path(text).stat().st_size
    return [[start, min(start + size, length)] for start in range(0, length, size)]


def ask_about(model: Model, key: str, prompt: str, text: str, chunk: list[int]) -> dict[str, Any]:
    """Ask about one chunk; a refusal is a result, so that the others are not lost with it."""
    with Path(text).open("rb") as file:
        file.seek(chunk[0])
        part = file.read(chunk[1] - chunk[0]).decode(errors="ignore")
    try:
        return model.ask(key.format(chunk[0]), prompt, clean(part))
    except RateLimitedError as error:
        wait = int(error.headers["retry-after"]) * 1000
        raise durable.RetryAfterError(str(error), wait) from error
    except RefusedError as error:
        return {"error": f"{chunk[0]}: {error}"}


def reduce_to_one(model: Model, key: str, answers: list[str]) -> dict[str, Any]:
    texts = [(model.folder / answer).read_text() for answer in answers]
    return model.ask(key, "Put these together.", "\n".join(texts))
