from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from django.core import mail

import durable
from durable.models import Attempt, Run, RunStatus, Step
from durable.tasks import drain
from project.payments.ledger import Ledger
from project.payments.models import Account, Receipt
from tests.project.payload import stripe_event

pytestmark = pytest.mark.django_db(transaction=True)

STORY = "The keeper lit the lamp upon the rock. The boat saw the lamp and turned away from it.\n\n"


def run_of(event: durable.Event) -> Run:
    """Send an event, work until its run has ended, and return the run."""
    (event_id,) = durable.send(event)
    give_up = time.monotonic() + 20
    while not (run := Run.objects.get(event_id=event_id)).is_final:
        assert time.monotonic() < give_up, f"{run} is still {run.status}"
        drain()
    return run


def test_text_is_summarised_chunk_by_chunk(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(STORY * 8)
    run = run_of(durable.Event(name="text/submitted", data={"path": str(tmp_path / "story.txt")}))
    assert run.status == RunStatus.COMPLETED
    assert (run.result["chunks"], run.result["words"]) == (4, 144)
    assert run.result["top_terms"][0] == {"term": "lamp", "count": 16}
    assert set(Step.objects.filter(run=run).values_list("name", flat=True)) == {
        *("split", "analyse-0", "analyse-1", "analyse-2", "analyse-3", "summarise"),
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "text/submitted needs data"),
        ({"path": 5}, "text/submitted needs data"),
        ({"path": "fixtures/texts/none.txt"}, "cannot be read"),
        ({"path": "fixtures"}, "cannot be read"),
    ],
)
def test_event_without_a_readable_text_fails_at_once(data: dict[str, object], reason: str) -> None:
    run = run_of(durable.Event(name="text/submitted", data=data))
    assert run.status == RunStatus.FAILED
    assert reason in json.dumps(run.failure)
    assert Attempt.objects.filter(run=run, name="split").count() == 1


def test_text_without_words_fails_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("… 42 …\n")
    run = run_of(durable.Event(name="text/submitted", data={"path": str(tmp_path / "empty.txt")}))
    assert "empty.txt holds no words" in json.dumps(run.failure)


def test_text_that_changes_in_mid_run_fails_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "story.txt"
    file.write_text(STORY * 8)

    def change_the_file(step_id: str) -> None:
        if step_id == "analyse-2":
            file.write_text(STORY)

    monkeypatch.setattr("project.text.workflows.note", change_the_file)
    run = run_of(durable.Event(name="text/submitted", data={"path": str(file)}))
    assert run.status == RunStatus.FAILED
    assert "changed while it was being summarised" in json.dumps(run.failure)


def test_payment_is_mailed_credited_receipted_and_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "retry_after", 1)
    run = run_of(durable.Event(name="stripe/charge.succeeded", data=stripe_event()))
    receipt = Receipt.objects.get()
    assert run.result == {
        "receipt": receipt.number,
        "balance": 4950,
        "ledger_entry": receipt.ledger_entry,
        "message_id": receipt.message_id,
    }
    assert Account.objects.get().balance == 4950
    assert len(mail.outbox) == 1


def test_only_the_busy_ledger_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "retry_after", 1)
    run = run_of(durable.Event(name="stripe/charge.succeeded", data=stripe_event()))
    assert [one.name for one in Attempt.objects.filter(run=run)] == ["book-in-ledger"]
    assert dict(Step.objects.filter(run=run).values_list("name", "attempt"))["book-in-ledger"] == 1


def test_payment_sent_twice_with_its_id_counts_once() -> None:
    event = durable.Event(
        name="stripe/charge.succeeded", id="evt_1", data={"data": {"object": None}}
    )
    assert run_of(event).pk == run_of(event).pk
    assert Run.objects.count() == 1
