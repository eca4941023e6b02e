from __future__ import annotations

from project.text.analysis import Analysis, Salient
from project.text.summary import summarise


def make_analysis(
    opening: str = "Fog came.",
    *,
    words: int = 50,
    ease: float = 60.0,
    terms: dict[str, int] | None = None,
    salient: list[Salient] | None = None,
) -> Analysis:
    return Analysis(
        opening=opening,
        words=words,
        sentences=5,
        syllables=70,
        reading_ease=ease,
        terms=terms or {},
        salient=salient or [],
    )


def test_counts_of_all_chunks_are_added() -> None:
    found = summarise([make_analysis(words=50), make_analysis(words=30)])
    assert (found["chunks"], found["words"], found["sentences"]) == (2, 80, 10)


def test_top_terms_are_added_and_ordered() -> None:
    found = summarise(
        [make_analysis(terms={"lamp": 1, "sea": 2}), make_analysis(terms={"lamps": 3})]
    )
    assert found["top_terms"] == [{"term": "lamp", "count": 4}, {"term": "sea", "count": 2}]


def test_hardest_passage_has_the_lowest_reading_ease() -> None:
    found = summarise([make_analysis("Easy."), make_analysis("Hard.", ease=-3.5)])
    assert found["hardest"] == {"chunk": 1, "reading_ease": -3.5, "opening": "Hard."}


def test_chunk_of_few_words_is_not_called_hardest() -> None:
    found = summarise([make_analysis("Fair."), make_analysis("Ibid.", words=3, ease=-90.0)])
    assert found["hardest"]["opening"] == "Fair."


def test_extract_has_the_best_sentence_of_each_fifth_in_order() -> None:
    chunks = [
        make_analysis(salient=[Salient(text=f"Sentence {n}.", rank=float(n % 2))])
        for n in range(10)
    ]
    assert summarise(chunks)["summary"] == [f"Sentence {n}." for n in (1, 3, 5, 7, 9)]


def test_sentence_that_occurs_twice_is_chosen_once() -> None:
    salient = [Salient(text="Hold on.", rank=1.0)]
    assert summarise([make_analysis(salient=salient)] * 5)["summary"] == ["Hold on."]
