"""Whatever the text and the data: an answer or one of two errors, and always the same."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from durable.errors import ExpressionInvalidError
from durable.expressions.expression import parse
from durable.expressions.quote import quote

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abcd") | TEXTS, inner, max_size=3)
    ),
    max_leaves=6,
)
SIGNS = ["==", "!=", "<", "<=", ">", ">=", "in", "&&", "||", "+", "-", "*", "/", "%"]
MARKS = [*"()[]{}!?:.,\"'\\=&| \n", "[0]", '["c"]', "has(", "size(", ".startsWith("]
NAMES = ["event", ".data", ".a", ".b", "async", "true", "null", "1", "2.5", "1e9", "'a'", '"b"']
WORDS = st.sampled_from([*SIGNS, *MARKS, *NAMES])


def parts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Build larger expressions from smaller ones."""
    return st.one_of(
        st.tuples(inner, st.sampled_from(SIGNS), inner).map(lambda three: f"({' '.join(three)})"),
        inner.map("!{}".format),
        inner.map("-{}".format),
        inner.map("size({})".format),
        st.tuples(inner, inner).map("({0[0]}).contains({0[1]})".format),
        st.tuples(inner, inner, inner).map("({0[0]} ? {0[1]} : {0[2]})".format),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    )


PATHS = st.sampled_from(["event", "event.data", "event.data.a", "event.data.b.c", "event.data[0]"])
EXPRESSIONS = st.recursive(
    PATHS | PATHS.filter(lambda path: path != "event").map("has({})".format) | SCALARS.map(quote),
    parts,
    max_leaves=8,
)


@given(st.text() | st.lists(WORDS, max_size=20).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ExpressionInvalidError):
        parse(text).holds({"event": {"data": {"a": 1, "b": ["x"]}}})


@given(st.lists(WORDS, max_size=20).map("".join))
def test_a_refusal_points_into_the_text(text: str) -> None:
    try:
        parse(text)
    except ExpressionInvalidError as error:
        assert 0 <= error.position <= len(text)


@given(EXPRESSIONS, VALUES)
def test_every_expression_has_a_value_for_every_event(text: str, data: Any) -> None:
    expression = parse(text)
    first = expression.value({"event": {"data": data}})
    assert expression.value({"event": {"data": data}}) == first
    assert expression.holds({"event": {"data": data}}) is (first is True)


@given(EXPRESSIONS)
def test_every_expression_has_a_value_without_an_event(text: str) -> None:
    parse(text).value({})


@given(VALUES)
def test_a_quoted_value_is_the_value(value: Any) -> None:
    assert parse(quote(value)).value({}) == value


@given(VALUES, VALUES)
def test_equality_is_that_of_json(one: Any, other: Any) -> None:
    text = "event.data == async.data"
    assert parse(text).holds({"event": {"data": one}, "async": {"data": one}})
    there = parse(text).holds({"event": {"data": one}, "async": {"data": other}})
    back = parse(text).holds({"event": {"data": other}, "async": {"data": one}})
    assert there is back
