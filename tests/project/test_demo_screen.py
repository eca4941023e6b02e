from __future__ import annotations

from io import StringIO

from durable.models import Run, RunStatus
from project.demo.progress import Group, View
from project.demo.screen import Screen


class Terminal(StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def make_view(done: int, status: RunStatus = RunStatus.WAITING) -> View:
    group = Group(
        label="analyse-*", is_parallel=True, total=8, done=done, running=2, failed=0, retries=1
    )
    run = Run(function="summarize-text", status=status)
    return View(run=run, groups=(group,), owners=frozenset())


def test_bar_shows_done_running_waiting_and_retries() -> None:
    terminal = Terminal()
    Screen(terminal).show([make_view(4)])
    assert "█" * 16 + "░" * 16 in terminal.getvalue()
    assert "4/8 done, 2 running, 2 waiting, 1 retry" in terminal.getvalue()


def test_block_is_redrawn_in_place() -> None:
    terminal = Terminal()
    screen = Screen(terminal)
    screen.show([make_view(4)])
    screen.show([make_view(5)])
    assert terminal.getvalue().count("\x1b[2A\x1b[J") == 1


def test_without_a_terminal_nothing_but_plain_news_is_printed() -> None:
    out = StringIO()
    screen = Screen(out)
    for done in (0, 1, 4, 5, 8):
        screen.show([make_view(done)])
    screen.show([make_view(8, RunStatus.COMPLETED)])
    assert out.getvalue().splitlines() == [
        "summarize-text: analyse-*: 0 % of 8",
        "summarize-text: analyse-*: 50 % of 8",
        "summarize-text: analyse-*: 100 % of 8",
        "summarize-text: completed",
    ]
