"""What can be stored and what cannot; errors name the place."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from durable import codec
from durable.errors import LimitExceededError, OutputUnserializableError

Point = namedtuple("Point", "x y")


class Color(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


def encode(value: Any, *, limit: int = 10_000_000, depth: int = 64) -> str:
    return codec.encode(value, what="the value", limit=limit, setting="MAX_X", depth=depth)


def nest(levels: int, leaf: Any = None) -> Any:
    value: Any = [] if leaf is None else leaf
    for _ in range(levels - 1):
        value = {"x": value}
    return value


def own_parent() -> dict[str, Any]:
    value: dict[str, Any] = {"a": [1]}
    value["a"].append({"b": value})
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (-0.0, "-0.0"),
        (1e22, "1e+22"),
        (2**100, "1267650600228229401496703205376"),
        ("é🎈", '"é🎈"'),
        ('"\\\n', '"\\"\\\\\\n"'),
        ("\u2028\u007f", '"\u2028\u007f"'),
        ("\\u0000", '"\\\\u0000"'),
        ([], "[]"),
        ({}, "{}"),
        ({"b": 1, "a": [None]}, '{"b":1,"a":[null]}'),
        ((1, (2, [3])), "[1,[2,[3]]]"),
        (Point(1, 2), "[1,2]"),
        (OrderedDict(a=1), '{"a":1}'),
        (Color.RED, '"red"'),
        (Size.LARGE, "3"),
    ],
)
def test_plain_values_have_one_spelling(value: Any, text: str) -> None:
    assert encode(value) == text


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "$", "datetime"),
        ({"user": {"joined": date(2026, 1, 1)}}, "$.user.joined", "date"),
        ({"items": [1, {"price": Decimal("1.5")}]}, "$.items[1].price", "Decimal"),
        ([UUID(int=1)], "$[0]", "UUID"),
        ((1, {2}), "$[1]", "set"),
        ({"raw": b"x"}, "$.raw", "bytes"),
        ([object], "$[0]", "type"),
        ({"f": len}, "$.f", "builtin_function_or_method"),
        ((n for n in "ab"), "$", "generator"),
        (1j, "$", "complex"),
        (float("nan"), "$", "the number nan"),
        ({"a": [float("inf")]}, "$.a[0]", "the number inf"),
        ({"a": {"b": float("-inf")}}, "$.a.b", "the number -inf"),
        ("a\0", "$", "text with a NUL character"),
        ({"k\0": 1}, "$ (a key)", "text with a NUL character"),
        (["\ud800"], "$[0]", "text with a lone surrogate"),
        ({"x": {"\udc00": 1}}, "$.x (a key)", "text with a lone surrogate"),
        ({1: "a"}, "$", "a key of type int; keys must be str"),
        ({"x": [{None: 1}]}, "$.x[0]", "a key of type NoneType; keys must be str"),
        ({True: 1}, "$", "a key of type bool; keys must be str"),
        ({(1, 2): 1}, "$", "a key of type tuple; keys must be str"),
        (own_parent(), "$.a[1].b", "a reference to one of its own parents"),
        ([10**5000], "$[0]", "an integer of more than 4,300 digits"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_path(value: Any, path: str, found: str) -> None:
    with pytest.raises(OutputUnserializableError) as raised:
        encode(value)
    assert str(raised.value).startswith(f"the value cannot be stored as JSON: {path}: {found}.")
    assert raised.value.path == path


def test_what_to_do_with_an_object_of_the_database_is_said() -> None:
    with pytest.raises(OutputUnserializableError, match=r"\$\.user: User\. Use its primary key"):
        encode({"user": User(pk=1)})


def test_the_first_of_several_culprits_is_named() -> None:
    with pytest.raises(OutputUnserializableError, match=r"\$\.a\[0\]: set"):
        encode({"a": [{1}], "b": {2}, "c": float("nan")})


def test_a_value_that_appears_twice_is_no_cycle() -> None:
    shared = [1]
    assert encode((shared, {"again": shared})) == '[[1],{"again":[1]}]'


@pytest.mark.parametrize("value", [nest(64), nest(64, (1,)), [nest(63)] * 3])
def test_the_depth_allowed_is_allowed(value: Any) -> None:
    assert codec.decode(encode(value)) is not None


@pytest.mark.parametrize("levels", [65, 1000, 100_000])
def test_a_level_more_is_refused(levels: int) -> None:
    with pytest.raises(OutputUnserializableError, match=r"nested deeper than 64 \(DURABLE"):
        encode(nest(levels))


def test_brackets_in_text_are_no_depth() -> None:
    assert encode("[{" * 100) == f'"{"[{" * 100}"'


def test_many_containers_are_no_depth() -> None:
    assert encode([[]] * 100) == f"[{','.join(['[]'] * 100)}]"


@pytest.mark.parametrize("value", [[10**4400], (10**4400,)], ids=["list", "tuple"])
def test_what_is_refused_does_not_depend_on_the_container(value: Any) -> None:
    with pytest.raises(OutputUnserializableError, match="an integer of more than 4,300 digits"):
        encode(value)


def test_the_limit_counts_bytes_and_is_allowed_itself() -> None:
    assert encode("é", limit=4) == '"é"'
    with pytest.raises(LimitExceededError) as raised:
        encode("é", limit=3)
    assert str(raised.value) == (
        "the value is 4 bytes of JSON; the limit is 3 (DURABLE['MAX_X']). "
        "Store it elsewhere and return a reference."
    )
    assert raised.value.setting == "MAX_X"
