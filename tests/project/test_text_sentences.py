from __future__ import annotations

import pytest

from project.text.sentences import LONGEST, Sentence, sentences


def cut(text: str) -> list[str]:
    return [text[one.start : one.end] for one in sentences(text)]


def test_sentence_ends_at_a_stop_before_a_new_beginning() -> None:
    assert cut("Fog came. Who rang? She did!") == ["Fog came.", "Who rang?", "She did!"]


def test_closing_quote_belongs_to_its_sentence() -> None:
    assert cut('He said "go." She went.') == ['He said "go."', "She went."]


@pytest.mark.parametrize("text", ["Mr. Vane wrote.", "It rose 2.5 metres.", "Ask P. Lund first."])
def test_stop_inside_a_sentence_does_not_end_it(text: str) -> None:
    assert cut(text) == [text]


def test_small_letter_after_a_stop_goes_on_with_the_sentence() -> None:
    assert cut("They shouted stop! and we stopped.") == ["They shouted stop! and we stopped."]


@pytest.mark.parametrize("blank", ["\n\n", "\n \n", "\r\n\r\n", "\n\n\n\n"])
def test_blank_line_ends_a_sentence_and_a_paragraph(blank: str) -> None:
    heading, body = sentences(f"1. The tides{blank}Water rises.")
    assert heading == Sentence(0, 12, is_closed=False, ends_paragraph=True)
    assert body.is_closed


def test_white_space_around_a_text_belongs_to_no_sentence() -> None:
    assert cut("  \n Fog came.  \n\n") == ["Fog came."]


def test_stretch_of_a_text_gives_offsets_into_the_whole() -> None:
    text = "Fog came. It stayed. It went."
    assert [text[one.start : one.end] for one in sentences(text, 9, 20)] == ["It stayed."]


def test_text_without_stops_falls_into_pieces() -> None:
    pieces = cut("word " * LONGEST)
    assert all(len(piece) <= LONGEST for piece in pieces)
    assert " ".join(" ".join(pieces).split()) == ("word " * LONGEST).strip()


@pytest.mark.parametrize("text", ["", " \n\n ", "\t"])
def test_empty_text_has_no_sentences(text: str) -> None:
    assert cut(text) == []
