"""The house stays small enough to see: no long file, no long function."""

from __future__ import annotations

from scripts import sizes


def test_no_file_or_function_of_durable_is_too_long() -> None:
    assert [f"{one.name}: {one.lines} lines" for one in sizes.too_long()] == []
