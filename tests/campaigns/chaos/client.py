"""Clients: they ask until they are answered, and write down each answer before they ask for more."""

from __future__ import annotations

import hashlib
import heapq
import http.client
import json
import os
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection

import durable
from durable.models import Run
from tests.campaigns.chaos.workload import Wish

DOUBLED = 0.05  # of all events are sent twice
_AGAIN = 0.05  # seconds until a client asks again


def digest(data: Any) -> str:
    """Return a mark of an event's data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


@dataclass(slots=True)
class Ledger:
    """What clients were told, in a file that is on the disk before they go on.

    Args:
        path: of the file.
        accepted: wishes, and marks of their data, by the id of the event under which they were accepted.
        wrong: what should not have been answered.
        ended: when runs were said to be cancelled, by the number.
    """

    path: Path
    accepted: dict[str, tuple[Wish, str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    ended: dict[int, float] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, wish: Wish, mark: str, status: int, event: str) -> None:
        """Keep an answer."""
        line = json.dumps([wish.id, mark, status, time.time(), event])
        with self._lock, self.path.open("a") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())
            if self._ids.setdefault(wish.id, event) != event:
                self.wrong.append(f"event {wish.id} was accepted as {self._ids[wish.id]}, {event}")
            self.accepted[event] = (wish, mark)

    def event(self, id: str) -> str | None:
        """Return the id of the event that was accepted under a client's id."""
        return self._ids.get(id)


class Client(threading.Thread):
    """Fulfils wishes one after the other, when their time has come.

    Args:
        ledger: where answers are kept.
        port: of the API.
        token: its key.
        journal: where bodies leave their lines.
        draw: of what is sent twice.
    """

    def __init__(
        self, ledger: Ledger, port: int, token: str, journal: str, draw: random.Random
    ) -> None:
        super().__init__(daemon=True)
        self.ledger = ledger
        self.journal = journal
        self.draw = draw
        self.late = 0.0  # seconds by which the last wish was fulfilled late
        self._port = port
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self._line: http.client.HTTPConnection | None = None
        self._wishes: list[tuple[float, int, Wish]] = []
        self._changed = threading.Condition()
        self._is_closing = False
        self._count = 0

    def ask(self, wish: Wish) -> None:
        """Have a wish fulfilled when its time has come."""
        with self._changed:
            self._count += 1
            heapq.heappush(self._wishes, (time.monotonic() + wish.after, self._count, wish))
            self._changed.notify()

    def finish(self, seconds: float) -> None:
        """Have no more wishes than those that are open, and wait for so long until they are fulfilled."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self.join(seconds)

    def run(self) -> None:
        """Fulfil them."""
        while (wish := self._next()) is not None:
            if wish.is_cancel:
                self._cancel(wish)
            else:
                for _ in range(1 + (self.draw.random() < DOUBLED)):
                    self._send(wish)
        connection.close()

    def _next(self) -> Wish | None:
        with self._changed:
            while True:
                due = self._wishes[0][0] if self._wishes else None
                if due is None and self._is_closing:
                    return None
                left = None if due is None else due - time.monotonic()
                if left is not None and left <= 0:
                    self.late = -left
                    return heapq.heappop(self._wishes)[2]
                self._changed.wait(left)

    def _send(self, wish: Wish) -> None:
        data = {"key": wish.number, "journal": self.journal}
        body = json.dumps({"name": f"chaos/{wish.kind}", "id": wish.id, "data": data})
        while True:
            status, said = self._post("/durable/events/", body)
            if status in (200, 201):
                self.ledger.write(wish, digest(data), status, said["events"][0]["id"])
                return
            if 400 <= status < 500 and status not in (408, 429):
                self.ledger.wrong.append(f"event {wish.id} was refused: {status} {said}")
                return
            time.sleep(_AGAIN)

    def _post(self, path: str, body: str) -> tuple[int, Any]:
        """Return status and answer; 0 if there was none."""
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            self._line.request("POST", path, body, self._headers)
            answer = self._line.getresponse()
            said = answer.read()
            return answer.status, json.loads(said) if answer.status < 500 else None
        except (OSError, http.client.HTTPException, ValueError):
            self._line.close()
            self._line = None
            return 0, None

    def _cancel(self, wish: Wish) -> None:
        """Cancel the run of a number, if it has one by now and that has not ended."""
        event = self.ledger.event(wish.id)
        if event is None:  # not sent yet: the API was away
            self.ask(Wish(kind=wish.kind, number=wish.number, after=1.0, is_cancel=True))
            return
        while True:
            try:
                run = Run.objects.get(event_id=UUID(event))
                if durable.cancel(run.pk):
                    self.ledger.ended[wish.number] = time.monotonic()
                return
            except (DatabaseError, InterfaceError):
                connection.close()
                time.sleep(_AGAIN)
