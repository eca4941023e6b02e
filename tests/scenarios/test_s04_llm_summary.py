"""Scenario 4: each question is paid for once, and what is strange about texts and models is borne."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import durable
from durable.models import Run
from durable.testing import RunInfo, Workflows
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal
from tests.scenarios import s04_llm_summary
from tests.scenarios.s04_llm_summary import RateLimitedError, RefusedError, summarise
from tests.scenarios.stage import new_cluster

SIZE = 100  # bytes of a chunk


@pytest.fixture
def data(tmp_path: Path, journal: Journal) -> dict[str, Any]:
    """Of an event about a text of three chunks."""
    return text_of(3, tmp_path, journal)


def text_of(chunks: int, folder: Path, journal: Journal) -> dict[str, Any]:
    text = folder / "text.txt"
    text.write_text("".join(f"{number:0{SIZE}}" for number in range(chunks)))
    known = {"text": str(text), "folder": str(folder), "journal": journal.path}
    return {**known, "size": SIZE}


def strange(monkeypatch: pytest.MonkeyPatch, complete: Callable[[str, str], str]) -> None:
    """Have the model behave otherwise."""
    monkeypatch.setattr(s04_llm_summary, "complete", complete)


def reviewed(data: dict[str, Any]) -> None:
    verdict = {"text": data["text"], "verdict": "fine"}
    durable.send(durable.Event(name="texts/summary.reviewed", data=verdict))


def run_to_end(workflows: Workflows, data: dict[str, Any]) -> RunInfo:
    return workflows.run(summarise, data, through="3d", raise_failure=True)


def test_summary_is_made_and_reviewed_by_a_person(
    workflows: Workflows, data: dict[str, Any]
) -> None:
    run = workflows.run(summarise, data)
    workflows.assert_waiting(run, "review")
    reviewed(data)
    workflows.settle()
    result = workflows.get(run).result
    assert (result["cents"], result["unanswered"], result["review"]) == (8, [], "fine")


def test_summary_goes_on_without_a_review_that_never_comes(
    workflows: Workflows, data: dict[str, Any]
) -> None:
    assert run_to_end(workflows, data).result["review"] is None


def test_text_with_nul_and_halves_of_characters_is_summarised(
    workflows: Workflows, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(data["text"]).write_bytes(b"nul \0, half \xed\xa0\x80, cut \xe2\x82" * 12)
    strange(monkeypatch, lambda prompt, text: "\0\ud800 said " + text[:20])
    run = run_to_end(workflows, data)
    assert Path(data["folder"], run.result["summary"]).read_text().startswith(" said ")


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_text_that_was_not_cleaned_is_refused_before_the_database_sees_it(
    workflows: Workflows, data: dict[str, Any], text: str
) -> None:
    workflows.stub_step("prompt", returns=text)
    run = workflows.run(summarise, data)
    assert (run.failure or {})["code"] == "output_unserializable"


def test_two_hundred_answers_of_twenty_kilobytes_are_not_in_the_history(
    workflows: Workflows, tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange(monkeypatch, lambda prompt, text: "x" * 20_000)
    run = run_to_end(workflows, text_of(200, tmp_path, journal))
    assert run.result["cents"] == 201 * 2
    recorded = [len(json.dumps(step.result)) for step in run.steps if step.name.startswith("ask")]
    assert len(recorded) == 200
    assert max(recorded) < 200


def test_prompt_that_was_chosen_by_chance_stays_the_same_when_a_worker_dies(
    workflows: Workflows, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[str] = []

    def complete(prompt: str, text: str) -> str:
        prompts.append(prompt)
        return "answer"

    turns = iter(s04_llm_summary.EXAMPLES)
    monkeypatch.setattr(random, "choice", lambda examples: next(turns))
    strange(monkeypatch, complete)
    for chunk in ("ask[0:1]", "ask[2:3]"):
        workflows.kill_after(chunk, point="before_body")
    run_to_end(workflows, data)
    assert set(prompts) == {s04_llm_summary.EXAMPLES[0], "Put these together."}


def test_answer_whose_record_was_lost_is_not_paid_for_twice(
    workflows: Workflows, data: dict[str, Any], journal: Journal
) -> None:
    kill = workflows.kill_after("ask[1:2]", point="before_record")
    run = run_to_end(workflows, data)
    assert kill.has_happened
    assert run.status == "completed"
    assert Counter(journal.words())["asked-100"] == 1
    assert Counter(journal.words())["got-100"] == 2


def test_model_that_says_when_to_come_back_is_not_asked_sooner(
    workflows: Workflows, data: dict[str, Any], journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = [RateLimitedError(600)]

    def complete(prompt: str, text: str) -> str:
        if text.endswith("1") and limits:
            raise limits.pop()
        return "answer"

    strange(monkeypatch, complete)
    run = workflows.run(summarise, data, through="9m58s")
    workflows.assert_waiting(run, "ask[1:2]")
    assert journal.words().count("asked-100") == 0
    workflows.settle(through="3s")
    workflows.assert_waiting(run, "review")
    assert Counter(journal.words())["asked-0"] == 1


def test_chunk_that_the_model_refuses_does_not_take_the_others_with_it(
    workflows: Workflows, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def complete(prompt: str, text: str) -> str:
        if text.endswith("1") and "Put" not in prompt:
            raise RefusedError("I cannot help with that")
        return "answer"

    strange(monkeypatch, complete)
    result = run_to_end(workflows, data).result
    assert result["unanswered"] == ["100: I cannot help with that"]
    assert result["cents"] == 3 * 2


def test_what_each_question_cost_is_recorded_with_its_step(
    workflows: Workflows, data: dict[str, Any]
) -> None:
    run = workflows.run(summarise, data)
    costs = [step.result[0]["cents"] for step in run.steps if step.name.startswith("ask")]
    assert costs == [2, 2, 2]


def most_at_a_time(words: list[str]) -> int:
    """Return how many chunks, of those that were asked about, had not got their answer at once."""
    now = most = 0
    for word in words:
        now += 1 if word.startswith("asked") else -1
        most = max(most, now)
    return most


@pytest.mark.postgres
def test_no_more_questions_than_allowed_are_asked_at_a_time(
    transactional_db: None, tmp_path: Path, journal: Journal
) -> None:
    data = text_of(12, tmp_path, journal) | {"seconds": 0.1, "at_a_time": 2}
    with new_cluster(workers=4) as cluster:
        cluster.wait_until_ready()
        durable.send(durable.Event(name="texts/summary.wanted", data=data))
        eventually(lambda: journal.has("got-all"), cluster.explain)
    assert most_at_a_time(journal.words()) == 2


@pytest.mark.postgres
def test_killed_workers_do_not_make_the_summary_dearer(
    cluster: Cluster, tmp_path: Path, journal: Journal
) -> None:
    data = text_of(40, tmp_path, journal) | {"seconds": 0.05}
    (event,) = durable.send(durable.Event(name="texts/summary.wanted", data=data))
    for words in (10, 40):
        eventually(lambda words=words: journal.has_more_than(words), cluster.explain)  # type: ignore[misc]
        cluster.kill(cluster.find("worker")[:1])
    eventually(lambda: journal.has("got-all"), cluster.explain)
    reviewed(data)
    run = Run.objects.filter(event_id=event)
    eventually(lambda: run.get().is_final, cluster.explain)
    assert run.get().result["cents"] == 41 * 2
    asked = [word for word in journal.words() if word.startswith("asked")]
    assert len(asked) == len(set(asked))
