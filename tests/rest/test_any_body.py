"""Any bytes at all: what is JSON is read as it is, and the rest is refused with a problem."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from durable.rest.authentication import _parameters
from durable.rest.parser import read_json
from durable.rest.problems import Problem

EXAMPLES = settings(max_examples=150, deadline=None)
PIECES = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "\\u0000", "\\ud800", "0", "1e999", "NaN", "\n"]
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@EXAMPLES
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    refuse_or_read(body)


@EXAMPLES
@given(st.lists(PIECES | TEXT, max_size=40).map("".join))
def test_anything_like_json_is_read_or_refused(text: str) -> None:
    refuse_or_read(text.encode())


def refuse_or_read(body: bytes) -> None:
    try:
        value: Any = read_json(body)
    except Problem as problem:
        assert problem.status_code in (400, 422)
    else:
        assert repr(value) == repr(json.loads(body))


@EXAMPLES
@given(VALUES, st.booleans())
def test_what_is_json_is_read_as_it_is(value: Any, is_ascii: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=is_ascii).encode()) == value


@EXAMPLES
@given(
    st.text(max_size=200)
    | st.lists(PIECES | st.sampled_from(["key=", "ts=", "sig=", ", "])).map("".join)
)
def test_any_header_has_parameters(text: str) -> None:
    assert set(_parameters(text)) == {"key", "ts", "sig"}
