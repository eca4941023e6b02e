from __future__ import annotations

from project.text.chunks import MOST_CHUNKS, split
from project.text.words import words

FIVE_WORDS = "One two three four five. "


def cut(text: str, chunk_words: int) -> list[str]:
    return [text[chunk.start : chunk.end] for chunk in split(text, chunk_words)]


def test_chunk_ends_with_the_sentence_that_fills_it() -> None:
    assert cut(FIVE_WORDS * 4, 8) == [(FIVE_WORDS * 2).strip()] * 2


def test_chunk_that_is_nearly_full_ends_with_its_paragraph() -> None:
    assert cut(f"{FIVE_WORDS}\n\n{FIVE_WORDS * 2}", 8) == [
        FIVE_WORDS.strip(),
        (FIVE_WORDS * 2).strip(),
    ]


def test_heading_stays_with_the_text_below_it() -> None:
    assert cut(f"Tides\n\n{FIVE_WORDS}", 8) == [f"Tides\n\n{FIVE_WORDS}".strip()]


def test_every_word_is_in_exactly_one_chunk() -> None:
    text = f"Tides\n\n{FIVE_WORDS * 7}\n\n{FIVE_WORDS * 3}"
    assert words(" ".join(cut(text, 8))) == words(text)


def test_long_text_has_longer_chunks_not_more() -> None:
    assert len(split(f"{FIVE_WORDS * 7}\n\n" * 2_000)) in range(MOST_CHUNKS // 2, MOST_CHUNKS + 1)


def test_text_without_words_has_no_chunks() -> None:
    assert split("... 42 !\n\n--\n") == []
