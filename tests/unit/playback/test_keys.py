"""Keys: every use of a step id has its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable.playback.keys import step_key

names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
branches = st.from_regex(r"(t?[0-9]{1,3}(\.t?[0-9]{1,3}){0,3})?", fullmatch=True)
identities = st.tuples(names, st.integers(0, 20), branches)


def test_a_key_is_always_the_same() -> None:
    assert step_key("charge", 0, "") == step_key("charge", 0, "")


def test_a_key_fits_its_column() -> None:
    assert len(step_key("x" * 255, 999, "0.1.2")) <= 40


@given(identities, identities)
def test_different_uses_have_different_keys(
    one: tuple[str, int, str], other: tuple[str, int, str]
) -> None:
    assert (step_key(*one) == step_key(*other)) is (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", 1, ""), ("a:1", 0, "")),
        (("a", 0, "0"), ("0\x1fa", 0, "")),
        (("a", 0, "0"), ("0.a", 0, "")),
        (("a", 0, "0.1"), ("a", 1, "0")),
        (("é", 0, ""), ("e\u0301", 0, "")),
    ],
)
def test_uses_that_look_alike_have_different_keys(
    one: tuple[str, int, str], other: tuple[str, int, str]
) -> None:
    assert step_key(*one) != step_key(*other)
