"""Joining the analyses of all chunks into one summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from project.text.analysis import Analysis, Salient, reading_ease
from project.text.words import fold_plurals

TOP_TERMS = 12
SENTENCES = 5
HARD_WORDS = 30  # fewer words than this measure chance rather than difficulty


class Term(TypedDict):
    term: str
    count: int


class Passage(TypedDict):
    chunk: int
    reading_ease: float
    opening: str


class Summary(TypedDict):
    chunks: int
    words: int
    sentences: int
    reading_ease: float
    top_terms: list[Term]
    hardest: Passage
    summary: list[str]


def summarise(analyses: Sequence[Analysis]) -> Summary:
    """Reduce the analyses to top terms, readability, the hardest passage and an extract."""
    totals = [sum(one[key] for one in analyses) for key in ("words", "sentences", "syllables")]
    counts = sum((Counter(one["terms"]) for one in analyses), Counter[str]())
    return Summary(
        chunks=len(analyses),
        words=totals[0],
        sentences=totals[1],
        reading_ease=reading_ease(*totals),
        top_terms=_top(fold_plurals(counts)),
        hardest=_hardest(analyses),
        summary=_extract(analyses),
    )


def _top(counts: Counter[str]) -> list[Term]:
    return [Term(term=term, count=count) for term, count in counts.most_common(TOP_TERMS)]


def _hardest(analyses: Sequence[Analysis]) -> Passage:
    long_enough = [one for one in analyses if one["words"] >= HARD_WORDS] or analyses
    hardest = min(long_enough, key=lambda one: one["reading_ease"])
    return Passage(
        chunk=analyses.index(hardest),
        reading_ease=hardest["reading_ease"],
        opening=hardest["opening"],
    )


def _extract(analyses: Sequence[Analysis]) -> list[str]:
    """Take the best sentence of each fifth, so that the extract follows the whole text."""
    size = -(-len(analyses) // SENTENCES)
    fifths = [analyses[at : at + size] for at in range(0, len(analyses), size)]
    chosen: list[str] = []
    for fifth in fifths:
        chosen += _best([one for each in fifth for one in each["salient"]], chosen)
    return chosen


def _best(candidates: list[Salient], taken: list[str]) -> list[str]:
    fresh = [one for one in candidates if one["text"] not in taken]
    return [max(fresh, key=lambda one: one["rank"])["text"]] if fresh else []
