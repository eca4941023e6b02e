"""The ticker and the reaper: what is late is announced, what dead workers held is given back."""

from __future__ import annotations

import multiprocessing
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.conf import Conf

from durable.ids import new_id
from durable.models import Event, Run
from durable.q2 import options
from durable.store import get_store
from durable.wake import use
from durable.wake.inprocess import Counter
from durable.worker import identity, reaper, ticker
from durable.worker.ticker import Ticker

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),  # q2 forks as well
]


@pytest.fixture
def woken() -> Iterator[Counter]:
    with use(counter := Counter()):
        yield counter


def due_run() -> None:
    now = timezone.now()
    sent = Event.objects.create(id=new_id(), name="ticker/due", data="{}", ts=now, received=now)
    get_store().runs.create(sent, ["nobody"])


def test_due_row_is_announced_and_looked_at_again_soon(woken: Counter) -> None:
    due_run()
    assert Ticker()._look() < 0.1
    assert woken.counts == [1]


def test_nothing_due_means_silence(woken: Counter) -> None:
    assert Ticker()._look() > 0.3
    assert woken.counts == []


def test_alarm_rings_on_time(woken: Counter) -> None:
    one = Ticker()
    one.arm(0.1)
    begun = time.monotonic()
    one._sleep(5.0)
    assert 0.09 < time.monotonic() - begun < 1.0
    assert woken.counts == [1]


def test_distant_alarm_is_left_to_the_one_that_looks(woken: Counter) -> None:
    one = Ticker()
    one.arm(60.0)
    one._sleep(0.05)
    assert woken.counts == []


def test_only_one_process_of_a_host_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "_lock_path", lambda: tmp_path / "lock")
    forks = multiprocessing.get_context("fork")
    mine, theirs = forks.Pipe()

    def lead() -> None:
        theirs.send(Ticker()._leads())
        theirs.recv()

    other = forks.Process(target=lead)
    other.start()
    assert mine.recv()
    assert not Ticker()._leads()
    mine.send("go")
    other.join()
    assert Ticker()._leads()


@pytest.mark.parametrize(("broker", "threads"), [(None, 1), ("durable.q2.broker.Broker", 0)])
def test_own_broker_needs_no_ticker(
    broker: str | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(Conf, "BROKER_CLASS", broker)
    monkeypatch.setattr(ticker, "_started_in", None)
    monkeypatch.setattr("durable.wake.hint.alarm", None)
    monkeypatch.setattr("threading.Thread.start", lambda thread: started.append(thread))
    options.has_own_broker.cache_clear()
    ticker.start()
    ticker.start()
    options.has_own_broker.cache_clear()
    assert len(started) == threads


def held_by(owner: str) -> Run:
    due_run()
    (claim,) = get_store().runs.claim(owner)
    return Run.objects.get(pk=claim.id)


def test_only_what_the_dead_held_is_given_back(woken: Counter) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    mine = held_by(identity.owner())
    theirs = held_by(f"{identity.prefix()}{process.pid}:1")
    elsewhere = held_by("elsewhere-00000000:1:1")
    assert reaper.reap() == 1
    (claim,) = get_store().runs.claim("me", 9)
    assert claim.id == theirs.pk
    assert {mine.pk, elsewhere.pk} == set(
        Run.objects.exclude(owner="me").values_list("pk", flat=True)
    )
    assert woken.counts == [1]


def test_reaping_nothing_wakes_nobody(woken: Counter) -> None:
    assert reaper.reap() == 0
    assert woken.counts == []
