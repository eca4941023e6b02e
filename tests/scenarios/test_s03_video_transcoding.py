"""Scenario 3: long work is done once, by workers that come and go, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import durable
from durable.models import Run
from durable.testing import Workflows
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal
from tests.scenarios.stage import new_cluster

ALL = ["1080.mp4", "240.mp4", "480.mp4", "captions.vtt", "source"]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A video that was uploaded."""
    folder = tmp_path / "video"
    folder.mkdir()
    (folder / "source").write_text("frames")
    return folder


def files(video: Path) -> list[str]:
    return sorted(file.name for file in video.iterdir())


def upload(video: Path, journal: Journal, seconds: float = 0.0) -> Run:
    data = {"video": str(video), "journal": journal.path, "seconds": seconds}
    (event,) = durable.send(durable.Event(name="video/uploaded", data=data))
    return Run.objects.get(event_id=event)


def captions_done(video: Path) -> None:
    data = {"video": str(video), "text": "Hello."}
    durable.send(durable.Event(name="captions/job.done", data=data))


def test_renditions_and_captions_are_made(
    workflows: Workflows, video: Path, journal: Journal
) -> None:
    run = upload(video, journal)
    workflows.settle()
    workflows.assert_waiting(workflows.get(run.pk), "captions")
    captions_done(video)
    workflows.settle()
    expected = ["240.mp4", "480.mp4", "1080.mp4", "captions.vtt"]
    assert workflows.get(run.pk).result == expected
    assert files(video) == ALL


def test_captions_that_are_ready_before_the_renditions_are_not_missed(
    workflows: Workflows, video: Path, journal: Journal
) -> None:
    run = upload(video, journal)
    workflows.stub_step("order-captions", call=lambda _: captions_done(video))
    workflows.settle()
    assert workflows.get(run.pk).status == "completed"
    assert files(video) == ALL


def test_video_goes_without_captions_that_never_come(
    workflows: Workflows, video: Path, journal: Journal
) -> None:
    run = upload(video, journal)
    workflows.settle(through="7h")
    assert workflows.get(run.pk).result == ["240.mp4", "480.mp4", "1080.mp4"]


def test_draft_of_a_killed_worker_is_taken_up_and_not_left(
    workflows: Workflows, video: Path, journal: Journal
) -> None:
    run = upload(video, journal)
    workflows.kill_after("render[1:2]", point="before_record")
    workflows.settle(through="1m")
    captions_done(video)
    workflows.settle()
    assert workflows.get(run.pk).status == "completed"
    assert files(video) == ALL
    assert journal.words().count("480-begins") == 2
    assert journal.words().count("240-begins") == 1


def test_failed_transcoding_leaves_no_drafts(
    workflows: Workflows, video: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "rename", fail)
    run = upload(video, journal)
    workflows.settle(through="1h")
    assert workflows.get(run.pk).status == "failed"
    assert files(video) == ["source"]


def test_second_wave_begins_when_the_first_has_ended(
    workflows: Workflows, video: Path, journal: Journal
) -> None:
    upload(video, journal)
    workflows.kill_after("render[0:1]", point="before_body")
    workflows.settle()
    assert "1080-begins" not in journal.words()
    workflows.settle(through="1m")
    assert journal.words()[-1] == "1080-ends"


@pytest.mark.postgres
def test_rendition_that_outlasts_its_lease_is_made_once(
    cluster: Cluster, video: Path, journal: Journal
) -> None:
    run = upload(video, journal, seconds=5.0)  # a lease is 4 seconds
    captions_done(video)
    eventually(lambda: journal.has("240-ends") and journal.has("480-ends"), cluster.explain)
    assert sorted(journal.words()[:4]) == ["240-begins", "240-ends", "480-begins", "480-ends"]
    durable.cancel(str(run.pk))


@pytest.mark.postgres
def test_rendition_that_outlasts_the_timeout_of_the_queue_is_made_once(
    transactional_db: None, video: Path, journal: Journal
) -> None:
    with new_cluster(settings="settings_hasty") as cluster:
        cluster.wait_until_ready()
        upload(video, journal, seconds=4.0)  # the queue's timeout is 2 seconds, its retry 3
        eventually(lambda: journal.has("240-ends") and journal.has("480-ends"), cluster.explain)
        begun = [word for word in journal.words() if word in ("240-begins", "480-begins")]
        assert sorted(begun) == ["240-begins", "480-begins"]


@pytest.mark.postgres
def test_drafts_of_killed_workers_are_gone_in_the_end(
    cluster: Cluster, video: Path, journal: Journal
) -> None:
    run = upload(video, journal, seconds=0.5)
    captions_done(video)
    eventually(lambda: journal.has("240-begins"), cluster.explain)
    cluster.kill(cluster.find("worker"))
    eventually(lambda: Run.objects.get(pk=run.pk).is_final, cluster.explain)
    assert files(video) == ALL


@pytest.mark.postgres
def test_poster_does_not_wait_for_renditions_while_a_worker_is_free(
    transactional_db: None, video: Path, journal: Journal
) -> None:
    with new_cluster(workers=3) as cluster:
        cluster.wait_until_ready()
        upload(video, journal, seconds=3.0)  # two renditions at a time
        eventually(lambda: journal.has("240-begins") and journal.has("480-begins"), cluster.explain)
        poster = durable.Event(name="video/poster-wanted", data={"journal": journal.path})
        durable.send(poster)
        eventually(lambda: journal.has("poster"), cluster.explain)
        assert not journal.has("240-ends")


@pytest.mark.postgres
def test_transcoding_goes_on_after_a_stop_that_could_not_wait(
    transactional_db: None, video: Path, journal: Journal
) -> None:
    with new_cluster("--grace", "1") as cluster:
        cluster.wait_until_ready()
        run = upload(video, journal, seconds=2.5)
        captions_done(video)
        eventually(lambda: journal.has("240-begins"), cluster.explain)
        cluster.terminate()
        assert cluster.wait() == 3
    assert not journal.has("240-ends")
    with new_cluster(workers=3) as cluster:
        eventually(lambda: Run.objects.get(pk=run.pk).is_final, cluster.explain)
    assert files(video) == ALL
