"""What is kept of an exception."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from durable.errors import NonRetriableError, RetryAfterError, StepError
from durable.playback.failure import Failure, found, storable
from tests.unit.playback.performer import call, failed


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise TypeError("no words")


def raised(error: BaseException) -> Failure:
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001
        return Failure.of(caught)


def test_name_message_and_stack_are_kept() -> None:
    failure = raised(ValueError("no luck"))
    assert (failure.code, failure.name, failure.message) == ("unknown", "ValueError", "no luck")
    assert failure.stack.startswith("Traceback (most recent call last):\n")
    assert failure.stack.endswith("ValueError: no luck\n")
    assert "in raised\n    raise error" in failure.stack


def test_frames_of_this_package_are_left_out() -> None:
    def handler(ctx: object) -> None:
        ctx.step.run("charge", int, "seven")  # type: ignore[attr-defined]

    outcome = call(handler)
    stack = outcome.failure.stack  # type: ignore[union-attr]
    assert "invalid literal for int()" in stack
    assert "durable/playback" not in stack


@pytest.mark.parametrize("is_cause", [True, False])
def test_chained_errors_are_kept_without_our_frames(is_cause: bool) -> None:
    def handler(ctx: object) -> None:
        try:
            ctx.step.run("charge", print)  # type: ignore[attr-defined]
        except StepError as error:
            raise KeyError("outer") from (error if is_cause else None)

    outcome = call(handler, failed("charge", ValueError("inner")))
    stack = outcome.failure.stack  # type: ignore[union-attr]
    assert "KeyError: 'outer'" in stack
    assert ("inner" in stack) is is_cause
    assert "durable/playback" not in stack


def test_all_errors_of_a_group_are_kept() -> None:
    failure = raised(ExceptionGroup("several", [ValueError("one"), KeyError("two")]))
    assert failure.name == "ExceptionGroup"
    assert "ValueError: one" in failure.stack
    assert "KeyError: 'two'" in failure.stack


def test_a_group_of_final_errors_is_final() -> None:
    error = ExceptionGroup("several", [NonRetriableError("stolen")])
    assert raised(error).is_retriable is False


def test_a_group_of_which_one_is_final_is_final() -> None:
    error = ExceptionGroup("several", [NonRetriableError("stolen"), ValueError("luck")])
    assert raised(error).is_retriable is False


def test_a_group_of_other_errors_may_be_tried_again() -> None:
    assert raised(ExceptionGroup("several", [ValueError("luck")])).is_retriable is True


@pytest.mark.parametrize(
    ("error", "code", "is_retriable"),
    [
        (ValueError(), "unknown", True),
        (SystemExit(1), "unknown", True),
        (NonRetriableError("no"), "non_retriable_error", False),
        (RetryAfterError("busy", 1000), "retry_after_error", True),
        (StepError("no", "KeyError"), "step_errored", False),
        (StepError("no", "KeyError", code="worker_lost"), "worker_lost", False),
    ],
)
def test_the_code_says_what_kind_it_is(error: BaseException, code: str, is_retriable: bool) -> None:
    failure = raised(error)
    assert (failure.code, failure.is_retriable) == (code, is_retriable)


def test_a_step_error_is_described_as_the_original() -> None:
    failure = raised(StepError("no luck", "ValueError", "the original stack"))
    assert (failure.name, failure.message) == ("ValueError", "no luck")
    assert failure.stack == "the original stack"


def test_the_time_an_author_asks_for_is_kept() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    assert raised(RetryAfterError("busy", moment)).retry_after == moment


@pytest.mark.parametrize("error", [NonRetriableError("x", quiet=True), NonRetriableError("x")])
def test_quiet_errors_are_quiet(error: NonRetriableError) -> None:
    assert raised(error).quiet is error.quiet


def test_an_error_that_cannot_speak_is_still_named() -> None:
    failure = raised(Unspeakable())
    assert failure.name == "Unspeakable"
    assert failure.message


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain é🎈", "plain é🎈"),
        ("a\0b", "a\\x00b"),
        ("a\ud800b\udfff", "a\\ud800b\\udfff"),
        ("", ""),
    ],
)
def test_what_no_database_takes_is_made_visible(text: str, stored: str) -> None:
    assert storable(text) == stored


def test_a_long_text_is_shortened() -> None:
    assert len(storable("x" * 1_000_000)) < 20_000


def test_a_stored_failure_reads_back() -> None:
    failure = raised(ValueError("no luck"))
    again = Failure.of_json(failure.to_json())
    assert again.to_json() == failure.to_json()
    assert again.is_retriable is False


def test_a_damaged_stored_failure_reads_back_too() -> None:
    assert Failure.of_json({}).name == ""


def test_an_error_the_engine_found_has_no_stack() -> None:
    failure = found(NonRetriableError("no"))
    assert (failure.stack, failure.is_retriable) == ("", False)
