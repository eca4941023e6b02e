"""The demo from the first event to the last check."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from project.demo import claims, events, report, stage
from project.demo.kills import Killer
from project.demo.screen import Screen
from project.demo.watch import Watch
from project.demo.worker import StuckError, Worker, log_tail

WORKERS = 4


def play(file: Path, *, with_kills: bool) -> int:
    """Run the demo and return the exit code: 0 if everything claimed at the end is true."""
    screen = Screen(sys.stdout)
    try:
        is_right = _play(screen, file, with_kills=with_kills)
    except StuckError as error:
        screen.say_all(["", str(error)])
        is_right = False
    if not is_right:
        screen.say(f"\nThe end of {stage.shown(stage.LOG)}:\n{log_tail()}")
    return 0 if is_right else 1


def _play(screen: Screen, file: Path, *, with_kills: bool) -> bool:
    screen.say(
        f"Starting manage.py durable_worker --workers {WORKERS}, log {stage.shown(stage.LOG)}"
    )
    with Worker(WORKERS) as worker:
        worker.wait_until_ready()
        screen.say(f"It is ready: process {worker.pid} and its cluster. Sending two events.\n")
        began = time.monotonic()
        payment, text = events.send_payment(), events.send_text(file)
        killer = Killer(worker, text.event_id) if with_kills else None
        views = Watch(screen, worker, killer).until_final([payment.event_id, text.event_id])
        seconds = time.monotonic() - began
    screen.say_all(report.results(*views))
    if killer:
        screen.say_all(report.recovery(views[1], killer.killed))
    found = list(claims.check(views[0], payment, views[1], file))
    screen.say_all(report.verdict(found))
    screen.say_all(report.ending(seconds, views))
    return all(claim.is_true for claim in found)
