"""Summarise a text file: split it, analyse all chunks in parallel, join."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TypedDict

from django.conf import settings

import durable
from project.text import source
from project.text.analysis import Analysis, analyse
from project.text.chunks import Chunk, split
from project.text.journal import note
from project.text.summary import Summary, summarise


class Manuscript(TypedDict):
    path: str
    sha256: str
    chunks: list[list[int]]


@durable.create_function(
    fn_id="summarize-text",
    trigger=durable.TriggerEvent(event="text/submitted"),
)
def summarize_text(ctx: durable.ContextSync) -> Summary:
    run = ctx.step.run
    manuscript = run("split", split_file, ctx.event.data.get("path"))
    path, sha256 = manuscript["path"], manuscript["sha256"]
    analyses = ctx.group.parallel(
        tuple(
            partial(run, f"analyse-{number}", analyse_chunk, path, sha256, number, start, end)
            for number, (start, end) in enumerate(manuscript["chunks"])
        )
    )
    return run("summarise", summarise_all, analyses)


def split_file(path: object) -> Manuscript:
    note("split")
    if not isinstance(path, str) or not path:
        raise durable.NonRetriableError('text/submitted needs data {"path": "<a text file>"}')
    full_path = str(Path(settings.BASE_DIR, path))
    text, sha256 = source.read(full_path)
    chunks = split(text)
    if not chunks:
        raise durable.NonRetriableError(f"{path} holds no words")
    return Manuscript(path=full_path, sha256=sha256, chunks=[[*chunk] for chunk in chunks])


def analyse_chunk(path: str, sha256: str, number: int, start: int, end: int) -> Analysis:
    note(f"analyse-{number}")
    return analyse(source.read_unchanged(path, sha256), Chunk(start, end))


def summarise_all(analyses: tuple[Analysis, ...]) -> Summary:
    note("summarise")
    return summarise(analyses)
