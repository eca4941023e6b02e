"""What one chunk says: its terms, how hard it is to read, and which sentences matter."""

from __future__ import annotations

from typing import TypedDict

from project.text.chunks import Chunk
from project.text.salience import Ranked, rank
from project.text.sentences import Sentence, sentences
from project.text.words import syllables, terms, words

TERMS_KEPT = 40
SALIENT_KEPT = 2
SALIENT_WORDS = range(12, 41)
_LEANING = """
and another but he her here hers him his however it its neither nor or our she so such that their
them then there these they this those thus we yet
"""
LEANING = frozenset(_LEANING.split())  # what opens a sentence that needs the one before it


class Salient(TypedDict):
    text: str
    rank: float


class Analysis(TypedDict):
    opening: str
    words: int
    sentences: int
    syllables: int
    reading_ease: float
    terms: dict[str, int]
    salient: list[Salient]


def analyse(text: str, chunk: Chunk) -> Analysis:
    """Measure one chunk, and pick the sentences that matter most in it."""
    tokens = words(text[chunk.start : chunk.end])
    spans = list(sentences(text, *chunk))
    spoken = sum(map(syllables, tokens))
    return Analysis(
        opening=_quoted(text, spans[0])[:80],
        words=len(tokens),
        sentences=len(spans),
        syllables=spoken,
        reading_ease=reading_ease(len(tokens), len(spans), spoken),
        terms=dict(terms(tokens).most_common(TERMS_KEPT)),
        salient=_salient(text, rank(text, *chunk)),
    )


def reading_ease(words: int, sentences: int, syllables: int) -> float:
    """Flesch reading ease: about 100 is very easy, 60 plain, 30 and less hard."""
    if not words or not sentences:
        return 0.0
    return round(206.835 - 1.015 * words / sentences - 84.6 * syllables / words, 1)


def _salient(text: str, ranked: list[Ranked]) -> list[Salient]:
    whole = [
        Salient(text=_quoted(text, one.sentence), rank=round(one.rank, 4))
        for one in ranked
        if one.sentence.is_closed
    ]
    return [one for one in whole if _stands_alone(words(one["text"]))][:SALIENT_KEPT]


def _stands_alone(tokens: list[str]) -> bool:
    return len(tokens) in SALIENT_WORDS and tokens[0] not in LEANING


def _quoted(text: str, sentence: Sentence) -> str:
    return " ".join(text[sentence.start : sentence.end].split())
