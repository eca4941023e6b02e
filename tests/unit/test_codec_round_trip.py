"""For every plain value: the live value equals the replayed one, and its text is stable."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from durable import codec
from durable.errors import OutputUnserializableError

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
numbers = st.integers(-(2**200), 2**200) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20
)
with_tuples = st.recursive(
    scalars,
    lambda inner: st.tuples(inner, inner) | st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)
anything = st.recursive(
    scalars | st.binary() | st.floats() | st.text() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(texts | st.integers(), inner),
    max_leaves=20,
)


def encode(value: Any) -> str:
    return codec.encode(value, what="x", limit=10**9, setting="X", depth=64)


@given(values)
def test_a_value_comes_back_equal(value: Any) -> None:
    assert codec.decode(encode(value)) == value


@given(values)
def test_a_value_comes_back_of_the_same_types(value: Any) -> None:
    assert repr(codec.decode(encode(value))) == repr(value)


@given(with_tuples)
def test_the_text_of_what_came_back_is_the_same_text(value: Any) -> None:
    text = encode(value)
    assert encode(codec.decode(text)) == text


@given(anything)
def test_whatever_is_accepted_can_be_stored_anywhere(value: Any) -> None:
    try:
        text = encode(value)
    except OutputUnserializableError:
        return
    assert "\0" not in text
    assert text.encode().decode() == text
