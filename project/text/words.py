"""Words, the terms among them, and how many syllables they have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from project.text.stop_words import STOP_WORDS

WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
VOWELS = re.compile(r"[aeiouyà-öø-ÿ]+")
SILENT_ENDING = re.compile(r"(?:[^laeiouy]e|[^dt]ed|[^szxhgc]es)$")


def words(text: str) -> list[str]:
    """Return the words of a text in order, in lower case."""
    return [match.group().lower() for match in WORD.finditer(text)]


def terms(tokens: Iterable[str]) -> Counter[str]:
    """Count the words that carry meaning: no stop words, nothing shorter than three letters."""
    return Counter(token for token in tokens if len(token) > 2 and token not in STOP_WORDS)


def fold_plurals(counts: Counter[str]) -> Counter[str]:
    """Add a plural to its singular where the text has both; a word is never invented."""
    folded: Counter[str] = Counter()
    for term, count in counts.items():
        singular = term.removesuffix("s")
        folded[singular if singular in counts else term] += count
    return folded


def syllables(word: str) -> int:
    """Estimate syllables as English spelling shows them: vowel groups, less a silent ending."""
    groups = len(VOWELS.findall(word))
    return max(1, groups - bool(SILENT_ENDING.search(word)))
