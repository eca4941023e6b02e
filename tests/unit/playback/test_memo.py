"""A memo: what a replay hands to the code."""

from __future__ import annotations

import pytest

from durable.errors import NonRetriableError, StepError
from tests.unit.playback.performer import done, failed


def test_a_result_is_decoded_afresh_at_each_look() -> None:
    memo = done("basket", ["apple"])
    memo.value().append("pear")
    assert memo.value() == ["apple"]


def test_none_is_a_result() -> None:
    assert done("nothing", None).value() is None


def test_a_failure_is_raised_as_a_step_error() -> None:
    with pytest.raises(StepError, match="no luck") as raised:
        failed("charge", ValueError("no luck")).value()
    assert (raised.value.name, raised.value.code) == ("ValueError", "step_errored")


def test_its_code_tells_other_kinds_apart() -> None:
    with pytest.raises(StepError) as raised:
        failed("charge", NonRetriableError("stolen")).value()
    assert (raised.value.name, raised.value.code) == ("NonRetriableError", "non_retriable_error")


def test_its_size_is_counted_in_bytes() -> None:
    assert done("text", "é").size == 4
    assert failed("text", ValueError()).size == 0
