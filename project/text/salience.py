"""Which sentences matter: those that resemble the sentences which matter around them.

This is the idea of PageRank on a graph of sentences, whose edges are the cosines of their weighted
terms. The graph of a chunk holds its neighbourhood too, since a passage cannot say by itself what
the chapter around it is about.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

from project.text.sentences import Sentence, sentences
from project.text.words import terms, words

REACH = 20_000  # characters before and after the chunk
DAMPING = 0.85
ROUNDS = 20

Weights = dict[str, float]
Edges = list[tuple[int, float]]


class Ranked(NamedTuple):
    sentence: Sentence
    rank: float  # 1.0 is the average of the neighbourhood


def rank(text: str, start: int, end: int) -> list[Ranked]:
    """Rank the sentences between two offsets within their neighbourhood, best first."""
    around = list(sentences(text, max(0, start - REACH), min(end + REACH, len(text))))
    ranks = _settled(_graph(_weigh([text[one.start : one.end] for one in around])))
    ranked = map(Ranked, around, ranks)
    inside = [one for one in ranked if start <= one.sentence.start and one.sentence.end <= end]
    return sorted(inside, key=lambda one: one.rank, reverse=True)


def _weigh(texts: list[str]) -> list[Weights]:
    """Give each term the weight of its rarity, and each sentence the length one."""
    counts = [terms(words(text)) for text in texts]
    spread = Counter(term for count in counts for term in count)
    return [_unit({t: n * math.log(len(texts) / spread[t]) for t, n in c.items()}) for c in counts]


def _unit(weights: Weights) -> Weights:
    length = math.hypot(*weights.values()) or 1.0
    return {term: weight / length for term, weight in weights.items()}


def _graph(vectors: list[Weights]) -> list[Edges]:
    edges: list[Edges] = [[] for _ in vectors]
    for here, vector in enumerate(vectors):
        for there in range(here):
            shared = vector.keys() & vectors[there].keys()
            if shared:
                cosine = sum(vector[term] * vectors[there][term] for term in shared)
                edges[here].append((there, cosine))
                edges[there].append((here, cosine))
    return edges


def _settled(edges: list[Edges]) -> list[float]:
    given = [sum(weight for _, weight in row) or 1.0 for row in edges]
    ranks = [1.0] * len(edges)
    for _ in range(ROUNDS):
        ranks = [
            1 - DAMPING + DAMPING * sum(ranks[there] * w / given[there] for there, w in row)
            for row in edges
        ]
    return ranks
