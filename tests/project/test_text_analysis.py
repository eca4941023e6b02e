from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from project.text.analysis import analyse, reading_ease
from project.text.chunks import Chunk, split

EASY = "The cat sat on the mat. The dog ran to the cat."
BOOK = Path(settings.BASE_DIR, "fixtures/texts/vessary_lights.txt")


def test_words_sentences_and_syllables_are_counted() -> None:
    found = analyse(EASY, Chunk(0, len(EASY)))
    assert (found["words"], found["sentences"], found["syllables"]) == (12, 2, 12)


def test_terms_are_those_of_the_chunk_alone() -> None:
    assert analyse(EASY, Chunk(0, 23))["terms"] == {"cat": 1, "sat": 1, "mat": 1}


def test_opening_is_one_line() -> None:
    text = "The keepers\nof the rock  slept."
    assert analyse(text, Chunk(0, len(text)))["opening"] == "The keepers of the rock slept."


def test_salient_sentence_stands_alone() -> None:
    leaning = "It was the lamp of the keeper on the rock that the boat in the sea had seen."
    standing = "Boats on the sea could see the lamp that the keeper had lit upon the rock."
    text = f"{leaning} {standing}"
    salient = analyse(text, Chunk(0, len(text)))["salient"]
    assert [one["text"] for one in salient] == [standing]


def test_flesch_reading_ease_of_a_known_sentence() -> None:
    assert reading_ease(words=6, sentences=1, syllables=6) == 116.1


def test_reading_ease_of_nothing_is_zero() -> None:
    assert reading_ease(words=0, sentences=0, syllables=0) == 0.0


def test_analysis_of_every_chunk_of_the_book_is_modest_json() -> None:
    text = BOOK.read_text()
    chunks = split(text)
    sizes = [len(json.dumps(analyse(text, chunk))) for chunk in chunks[::16]]
    assert len(chunks) > 120
    assert max(sizes) < 2_000


@pytest.mark.parametrize("text", ["Naïve façade — “quoted”.", "你好世界。", "a" * 5_000])
def test_unusual_text_is_analysed(text: str) -> None:
    assert all(analyse(text, chunk)["words"] for chunk in split(text))
