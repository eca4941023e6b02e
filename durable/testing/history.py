"""An exported run, as today's code is held against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from durable import codec
from durable.authoring.event import Event
from durable.models.status import FINAL_RUN, RunStatus
from durable.playback.failure import Failure
from durable.playback.memo import Memo

_LARGEST = 1 << 30  # bytes: what was stored was small enough once
_CODE = ("unknown", "step_errored")  # codes of what the author's own code may raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A step of an exported run."""

    key: str
    title: str
    branch: str
    kind: str
    status: str
    memo: Memo | None  # None while it has not ended, or if it was cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An exported run."""

    run: UUID
    function: str
    event: Event | None
    status: str
    result: Any
    failure: Mapping[str, str] | None
    tries: tuple[str, ...]  # names of what the code between steps raised so far
    steps: Mapping[str, Recorded]  # by key, in the order in which they were planned or recorded
    memos: Mapping[str, Memo]  # in the order in which the steps ended

    @property
    def is_final(self) -> bool:
        """Whether the run ended by what its code did."""
        failed = self.failure is None or self.failure["code"] in _CODE
        return self.status in FINAL_RUN and self.status != RunStatus.CANCELLED and failed


def read(exported: Mapping[str, Any] | Path) -> History:
    """Read what `manage.py durable_show RUN --format json` printed.

    Raises:
        ValueError: it is something else.
    """
    run = json.loads(exported.read_text("utf-8")) if isinstance(exported, Path) else exported
    try:
        return _history(run)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "This is no exported run. Make one with `manage.py durable_show RUN --format json`. "
            f"({type(error).__name__}: {error})"
        ) from error


def _history(run: Mapping[str, Any]) -> History:
    steps = {step["key"]: _recorded(step) for step in run["steps"]}
    ended = sorted((s for s in run["steps"] if s["ended"]), key=lambda s: (s["ended"], s["id"]))
    memos = {step["key"]: steps[step["key"]].memo for step in ended}
    return History(
        run=UUID(run["id"]),
        function=run["function"],
        event=_event(run["event"]),
        status=run["status"],
        result=run["result"],
        failure=run["error"],
        tries=tuple(one["error"]["name"] for one in run["failed_tries"] if not one["step"]),
        steps=steps,
        memos={key: memo for key, memo in memos.items() if memo is not None},
    )


def _recorded(step: Mapping[str, Any]) -> Recorded:
    return Recorded(
        key=step["key"],
        title=step["step"],
        branch=step["branch"],
        # With fan-out a step was a run of its own: that is how it was done, the code asks for the same.
        kind="run" if step["kind"] == "child" else step["kind"],
        status=step["status"],
        memo=_memo(step),
    )


def _memo(step: Mapping[str, Any]) -> Memo | None:
    key, branch = step["key"], step["branch"]
    if step["status"] == "failed":
        return Memo(key=key, branch=branch, failure=Failure.of_json(step["error"]))
    if step["status"] != "done":
        return None
    text = codec.encode(step["result"], what="result", limit=_LARGEST, setting="", depth=1000)
    return Memo(key=key, branch=branch, output=text)


def _event(event: Mapping[str, Any] | None) -> Event | None:
    if event is None:
        return None
    return Event(
        name=event["name"],
        data=event["data"],
        id=event["custom_id"] or event["id"],
        ts=int(datetime.fromisoformat(event["ts"]).timestamp() * 1000),
        tenant=event.get("tenant", ""),
        subject=event.get("subject", ""),
    )
