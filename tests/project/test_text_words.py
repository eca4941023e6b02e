from __future__ import annotations

from collections import Counter

import pytest

from project.text.words import fold_plurals, syllables, terms, words


def test_words_are_lower_case_and_keep_apostrophes_and_hyphens() -> None:
    assert words("The Keeper's half-tide rock, 1904!") == ["the", "keeper's", "half-tide", "rock"]


def test_words_of_other_scripts_are_words() -> None:
    assert words("Leuchtturmwärter: маяк, φάρος") == ["leuchtturmwärter", "маяк", "φάρος"]


def test_terms_leave_out_stop_words_and_short_words() -> None:
    assert terms(words("The sea and the sea is at it, ox or sail")) == Counter(sea=2, sail=1)


def test_plural_is_counted_with_its_singular() -> None:
    assert fold_plurals(Counter(light=2, lights=3)) == Counter(light=5)


def test_word_ending_in_s_without_singular_stays_itself() -> None:
    assert fold_plurals(Counter(lens=2, light=1)) == Counter(lens=2, light=1)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("sea", 1),
        ("the", 1),
        ("lamp", 1),
        ("stone", 1),
        ("turned", 1),
        ("lighted", 2),
        ("table", 2),
        ("keeper", 2),
        ("lighthouse", 2),
        ("harbour", 2),
        ("barometer", 4),
        ("visitor", 3),
    ],
)
def test_syllables(word: str, expected: int) -> None:
    assert syllables(word) == expected
