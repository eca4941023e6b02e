from __future__ import annotations

from project.text.salience import rank

TEXT = (
    "The keeper lit the lamp. A lamp shone. The keeper slept. Onions were cheap. "
    "The lamp was with the keeper."
)


def ranked(start: int = 0, end: int = len(TEXT)) -> list[str]:
    return [TEXT[one.sentence.start : one.sentence.end] for one in rank(TEXT, start, end)]


def test_sentence_that_shares_no_term_ranks_last() -> None:
    assert ranked()[-1] == "Onions were cheap."


def test_sentence_that_shares_most_ranks_first() -> None:
    assert ranked()[0] == "The lamp was with the keeper."


def test_sentences_that_are_alike_have_the_average_rank() -> None:
    ranks = [round(one.rank, 6) for one in rank("Lamp rock. Rock sea. Sea lamp.", 0, 30)]
    assert ranks == [1.0, 1.0, 1.0]


def test_only_sentences_inside_the_stretch_are_ranked() -> None:
    assert ranked(0, 24) == ["The keeper lit the lamp."]


def test_neighbourhood_outside_the_stretch_counts() -> None:
    alone = rank("The keeper lit the lamp.", 0, 24)[0].rank
    assert rank(TEXT, 0, 24)[0].rank > alone
