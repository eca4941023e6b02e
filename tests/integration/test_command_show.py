from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from durable.models import Run, RunStatus, StepStatus
from tests.integration import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def show(run: Run | str, **options: Any) -> str:
    out = StringIO()
    asked = run if isinstance(run, str) else str(run.pk)
    call_command("durable_show", asked, stdout=out, no_color=True, **options)
    return out.getvalue()


def line_of(text: str, start: str) -> str:
    (line,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return line


def test_head_says_what_the_run_is() -> None:
    run = rows.run()
    text = show(run)
    assert text.startswith(f"shop  ✓ completed  {run.pk}\n")
    assert line_of(text, "event").split() == ["event", "order/paid", str(run.event_id)]
    assert line_of(text, "data").split() == ["data", '{"order":7}']
    assert line_of(text, "ended").endswith("took 5.0 s")
    assert line_of(text, "result").split() == ["result", '{"total":42}']


def test_run_that_rests_says_why() -> None:
    rows.worker()
    text = show(rows.run(RunStatus.QUEUED, due_at=rows.ago(60)))
    assert line_of(text, "why").endswith("no worker has taken it for 1 min")


def test_who_invoked_a_run_and_whom_it_invoked_is_named() -> None:
    parent = rows.run(function="parent")
    run = rows.run(parent=parent)
    children = [rows.run(RunStatus.FAILED, function=f"child{n}", parent=run) for n in range(2)]
    text = show(run)
    assert line_of(text, "parent").split() == ["parent", "parent", "completed", str(parent.pk)]
    lines = [line.split() for line in text.splitlines() if line.startswith("  child")]
    assert lines == [["child", child.function, "failed", str(child.pk)] for child in children]
    known = json.loads(show(run, format="json"))
    assert known["parent"] == str(parent.pk)
    assert known["children"] == [str(child.pk) for child in children]


def test_of_many_children_the_first_are_named() -> None:
    run = rows.run()
    for _ in range(53):
        rows.run(parent=run)
    text = show(run)
    assert text.count("  child ") == 50
    assert "and 3 more" in text


def test_each_step_has_a_bar_on_one_axis() -> None:
    run = rows.run(started=rows.ago(10), ended=rows.ago(0))
    rows.step(run, "first", started=rows.ago(10), ended=rows.ago(5))
    rows.step(run, "second", started=rows.ago(5), ended=rows.ago(0))
    text = show(run)
    first, second = line_of(text, "✓ first"), line_of(text, "✓ second")
    assert 0.45 < first.count("█") / (first.count("█") + second.count("█")) < 0.55
    assert first.rindex("█") <= second.index("█")
    assert line_of(text, "STEP").endswith("10 s")


def test_branches_are_indented_and_repeats_counted() -> None:
    run = rows.run()
    rows.step(run, "load")
    rows.step(run, "mail", branch="0")
    rows.step(run, "pack", branch="1.0", index=2)
    names = [line[:10].rstrip() for line in show(run).splitlines()[-3:]]
    assert names == ["✓ load", "  ✓ mail", "    ✓ pack"]
    assert "pack:2" in show(run)


def test_failed_tries_stand_under_their_step() -> None:
    run = rows.run()
    tried = rows.step(run, "charge", attempt=1)
    rows.step(run, "mail")
    rows.failed_try(run, tried)
    *_, charge, failed, mail = show(run).splitlines()
    assert charge.split()[1] == "charge"
    assert failed.split()[:3] == ["✗", "try", "1"]
    assert "TimeoutError: too slow" in failed
    assert mail.split()[1] == "mail"


def test_last_try_of_a_failed_step_is_not_told_twice() -> None:
    run = rows.run(RunStatus.FAILED)
    step = rows.step(run, "charge", StepStatus.FAILED, attempt=1)
    rows.failed_try(run, step, 0)
    rows.failed_try(run, step, 1)
    text = show(run)
    assert "try 1" in text
    assert "try 2" not in text


def test_failed_run_ends_with_its_traceback() -> None:
    assert show(rows.run(RunStatus.FAILED)).endswith("\nTraceback …\n")


def test_planned_step_has_no_bar() -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    rows.step(run, "mail", StepStatus.PENDING)
    assert show(run).splitlines()[-1].split() == ["▸", "mail", "0"]


def test_quiet_says_nothing_of_steps_and_loud_all_of_the_result() -> None:
    run = rows.run(output='"' + "x" * 500 + '"')
    rows.step(run, "charge")
    assert "charge" not in show(run, verbosity=0)
    assert "x" * 500 not in show(run, verbosity=1)
    assert "x" * 500 in show(run, verbosity=2)


def test_lines_fit_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run = rows.run(RunStatus.FAILED, event=rows.event(data='{"a":"' + "y" * 500 + '"}'))
    step = rows.step(run, "s" * 100, branch="0.0.0.0.0.0.0.0.0.0.0", output='"' + "x" * 500 + '"')
    rows.failed_try(run, step, 1, message="long " * 100)
    assert max(map(len, show(run).splitlines())) <= 80


def test_nothing_that_a_terminal_would_obey_is_printed() -> None:
    bad = "\x1b[31m\x9b2J\a\nend"
    error = rows._json({"code": "x", "name": bad, "message": bad, "stack": bad})
    event = rows.event(bad, data=rows._json({"a": bad}))
    run = rows.run(RunStatus.FAILED, bad, event=event, error=error)
    rows.failed_try(run, rows.step(run, bad), name=bad, message=bad)
    text = show(run)
    assert not {"\x1b", "\x9b", "\a"} & set(text)
    assert "\\x1b[31m" in text


def test_json_gives_everything() -> None:
    run = rows.run()
    step = rows.step(run, "charge", attempt=1)
    rows.failed_try(run, step)
    rows.large(run, '{"whole":"run"}')
    found = json.loads(show(run, format="json"))
    assert (found["id"], found["status"]) == (str(run.pk), "completed")
    assert found["event"]["data"] == {"order": 7}
    assert found["result"] == {"whole": "run"}
    assert [(one["step"], one["tries"], one["result"]) for one in found["steps"]] == [
        ("charge", 2, "fine")
    ]
    assert found["failed_tries"][0]["error"]["name"] == "TimeoutError"


def test_beginning_or_end_of_an_id_is_enough() -> None:
    run = rows.run()
    known = str(run.pk)
    for part in (
        known,
        known.upper(),
        run.pk.hex,
        known[:-1],
        known[:30],
        known[-12:],
        known[-17:],
    ):
        assert str(run.pk) in show(part)


def test_part_that_fits_several_runs_lists_them() -> None:
    first, second = rows.run(), rows.run()
    with pytest.raises(CommandError, match="Several runs") as error:
        show(str(first.pk)[:4])
    assert str(second.pk) in str(error.value)


@pytest.mark.parametrize("asked", ["ffff", "00000000-0000-7000-8000-000000000000"])
def test_unknown_id_is_a_clear_error(asked: str) -> None:
    with pytest.raises(CommandError, match=f"No run has the id '{asked}'"):
        show(asked)


@pytest.mark.parametrize("asked", ["", "xyz", "0" * 33, "12_3", "%"])
def test_what_cannot_be_an_id_is_a_clear_error(asked: str) -> None:
    with pytest.raises(CommandError, match="is not an id of a run"):
        show(asked)


def test_terminal_without_the_signs_gets_plain_ones(capsys: pytest.CaptureFixture[str]) -> None:
    class Ascii(StringIO):
        encoding = "ascii"

    run = rows.run()
    rows.step(run, "charge", output='"' + "x" * 500 + '"')
    out = Ascii()
    call_command("durable_show", str(run.pk), stdout=out, no_color=True)
    assert out.getvalue().isascii()
    assert "+ charge" in out.getvalue()
