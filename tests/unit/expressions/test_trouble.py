"""Texts that are no expressions: what was expected, and where."""

from __future__ import annotations

import pytest

from durable.errors import ExpressionFailedError, ExpressionInvalidError
from durable.expressions.expression import TRIGGER, parse


def trouble(text: str, **options: tuple[str, ...]) -> ExpressionInvalidError:
    with pytest.raises(ExpressionInvalidError) as raised:
        parse(text, what="if_exp", **options)
    return raised.value


def test_the_error_shows_the_expression_and_the_place() -> None:
    error = trouble("event.data.total >= ")
    assert str(error) == (
        "if_exp: expected a value, found the end, at character 21:\n"
        "    event.data.total >= \n"
        "                        ^"
    )
    assert (error.expression, error.position) == ("event.data.total >= ", 20)


def test_the_end_of_a_long_expression_is_shown_around_the_place() -> None:
    shown, caret = str(trouble("event.data.flag && " * 20 + "?")).splitlines()[1:]
    assert shown.startswith("    … ")
    assert shown[len(caret) - 1] == "?"


def test_the_beginning_of_a_long_expression_is_shown_around_the_place() -> None:
    shown, caret = str(trouble("? " + "event.data.flag && " * 20)).splitlines()[1:]
    assert shown.endswith(" …")
    assert shown[len(caret) - 1] == "?"


def test_an_expression_of_several_lines_is_shown_in_one() -> None:
    assert "    true &&  && true" in str(trouble("true &&\n && true"))


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "expected a value, found the end"),
        ("evnt.data.x == 1", 0, "evnt is not known, only event and async; did you mean event?"),
        ("data.x", 0, "data is not known, only event and async"),
        ("event.data.x = 1", 13, "expected ==, found '='"),
        ("true & true", 5, "expected &&, found '&'"),
        ("true and true", 5, "expected a sign such as == or &&, or the end, found and"),
        ("(true", 5, "expected ), found the end"),
        ("true)", 4, "expected a sign such as == or &&, or the end, found )"),
        ("[1, 2", 5, "expected ], found the end"),
        ("{1: 2}", 1, "expected a key between quotes, found 1"),
        ("'open", 0, "expected a closing ' on the same line"),
        ("'two\nlines'", 0, "expected a closing ' on the same line"),
        ("'a\0b'", 0, "expected a closing ' on the same line"),
        (r"'\q'", 1, "expected an escape such as"),
        (r"'\u00'", 1, "expected an escape such as"),
        (r"'\ud800'", 1, "expected the number of a character"),
        ("1e999", 0, "expected a number below 1.8e308"),
        ("1 == 1 == 1", 7, "expected a sign such as == or &&, or the end, found =="),
        ("true ? 1", 8, "expected :, found the end"),
        ("event.", 6, "expected a name, found the end"),
        ("event.data[-1]", 11, "expected a position such as 0, or a key between quotes, found -"),
        ("event.data[1.5]", 11, "expected a position such as 0, or a key between quotes"),
        ("event.data.x.matches('a')", 13, "expected startsWith or endsWith or contains or size"),
        ("has(1)", 4, "expected a path, as in has(event.data.name)"),
        ("has(event)", 4, "expected a path, as in has(event.data.name)"),
        ("event.data.é", 11, "expected a name, a value or a sign, found 'é'"),
    ],
)
def test_what_was_expected_is_said(text: str, position: int, problem: str) -> None:
    error = trouble(text)
    assert (error.position, str(error).startswith(f"if_exp: {problem}")) == (position, True)


def test_a_name_that_is_not_for_this_place_is_refused() -> None:
    assert "async is not known, only event" in str(trouble("async.data.x == 1", roots=TRIGGER))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("true && " * 300, "expected at most 2,000 characters"),
        ("(" * 17 + "1" + ")" * 17, "expected at most 16 parts within one another"),
        ("!" * 17 + "true", "expected at most 16 parts within one another"),
        ("true ? 1 : " * 17 + "1", "expected at most 16 parts within one another"),
        ("1" + "+1" * 500, "expected at most 500 parts"),
        ("[" + "1," * 500 + "1]", "expected at most 500 parts"),
    ],
)
def test_an_expression_has_a_size(text: str, problem: str) -> None:
    assert problem in str(trouble(text))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("-1 in event.data", 100_001),
        ("event.data == event.data", 100_001),
        ("size(event.data + event.data) == 0", 50_001),
    ],
)
def test_an_expression_takes_so_many_steps(text: str, size: int) -> None:
    with pytest.raises(ExpressionFailedError, match="more than 100,000 steps"):
        parse(text).holds({"event": {"data": list(range(size))}})


def test_a_long_text_costs_steps() -> None:
    with pytest.raises(ExpressionFailedError, match="more than 100,000 steps"):
        parse("event.data.contains('b')").holds({"event": {"data": "a" * 6_400_000}})


def test_values_that_are_nested_too_deep_are_not_compared() -> None:
    deep: list[object] = []
    for _ in range(2_000):
        deep = [deep]
    with pytest.raises(ExpressionFailedError, match="nested too deep"):
        parse("event.data == event.data").holds({"event": {"data": deep}})
