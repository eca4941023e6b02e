"""Cutting a text into stretches of about equal length, at ends of paragraphs and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from project.text.sentences import Sentence, sentences
from project.text.words import words

CHUNK_WORDS = 60
MOST_CHUNKS = 300
NEARLY = 0.6  # of the length: full enough to end with a paragraph


class Chunk(NamedTuple):
    start: int
    end: int


def split(text: str, chunk_words: int = CHUNK_WORDS) -> list[Chunk]:
    """Cut the text into chunks; a long text has longer chunks rather than more of them."""
    counted = [(sentence, len(words(text[slice(*sentence[:2])]))) for sentence in sentences(text)]
    total = sum(count for _, count in counted)
    return list(_packed(counted, max(chunk_words, math.ceil(total / (MOST_CHUNKS * NEARLY)))))


def _packed(counted: list[tuple[Sentence, int]], target: int) -> Iterator[Chunk]:
    start, held = 0, 0
    for position, (sentence, count) in enumerate(counted):
        start = sentence.start if not held else start
        held += count
        is_last = position == len(counted) - 1
        is_full = held >= target or (sentence.ends_paragraph and held >= target * NEARLY)
        if held and (is_full or is_last):
            yield Chunk(start, sentence.end)
            held = 0
