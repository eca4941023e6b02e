"""What the description of the API shows."""

from __future__ import annotations

from typing import Any

_ID = "01a1fe4e-27ab-7415-bf36-4d1d8ba51c59"
_NEW = "01a1fe52-90c4-7b0e-8d55-0a2f1c6e7b31"
_EVENT = "01a1fe4e-27a9-7c02-9a44-6d0f3c2b1e10"

RUN: dict[str, Any] = {
    "id": _ID,
    "function": "place-order",
    "status": "completed",
    "event": _EVENT,
    "tenant": "",
    "subject": "shop.order:7",
    "reason": "",
    "created": "2026-11-21T18:00:00Z",
    "started": "2026-11-21T18:00:00.012Z",
    "ended": "2026-11-21T18:00:02.345Z",
    "parent": None,
    "step": "",
    "replay_of": None,
}
_OPEN = {**RUN, "started": None, "ended": None}
PAGE = {"results": [RUN], "next": None}
DETAIL = {
    **RUN,
    "steps": {"done": 3},
    "due": None,
    "attempt": 0,
    "version": "4f1c9a0b7d2e",
    "error": None,
}
CANCELLED = {
    **RUN,
    "status": "cancelled",
    "reason": "It was cancelled through the API by key dk12.",
}
QUEUED = {**_OPEN, "status": "queued"}
REPLAYED = {**_OPEN, "id": _NEW, "status": "queued", "replay_of": _ID}
REPLAY = {"from_step": "charge", "input": {"order": 18}}
BULK = {"function": "place-order", "created_before": "2026-11-21T18:00:00Z"}
BULK_DONE = {"cancelled": [_ID], "more": False}
OUTPUT = {"id": _ID, "status": "completed", "output": {"receipt": "R-7"}, "error": None}
STEP: dict[str, Any] = {
    "id": 4711,
    "name": "charge",
    "kind": "run",
    "branch": "",
    "mode": "",
    "status": "done",
    "attempt": 0,
    "due": None,
    "planned": None,
    "started": "2026-11-21T18:00:01Z",
    "ended": "2026-11-21T18:00:02Z",
    "error": None,
}
STEPS = {"results": [STEP], "next": None}
SIGNAL = {"step": "wait-for-approval", "data": {"by": "ada"}}
SIGNALLED = {"event": _EVENT}
FUNCTION = {
    "id": "place-order",
    "name": "place-order",
    "triggers": [{"event": "shop/order.placed"}],
    "retries": 3,
}
FUNCTIONS = {"results": [FUNCTION]}
INVOKE = {"data": {"order": 7}, "id": "order-7", "wait": 5}
INVOKED = {"run": RUN, "created": True, "result": OUTPUT}
TICKET = {"ticket": f"{_ID}:key:dk0123456789ab:1tXyz1:c2lnbmF0dXJl", "expires_in": 600}
STREAM = 'event: progress\nid: 1795284002345000:3mz:\ndata: {"schema_version": 1, "run": {}, "steps": []}\n\n'

KEY: dict[str, Any] = {
    "prefix": "dk5f0c1a9b7e3d",
    "name": "web shop",
    "operations": ["events.send"],
    "events": ["shop/*"],
    "tenant": "acme",
    "rate": 600,
    "expires": None,
    "signs": False,
    "created": "2026-11-21T18:00:00Z",
    "revoked": None,
    "used": None,
}
KEYS = {"results": [KEY], "next": None}
MADE_KEY = {**KEY, "secret": "the prefix, a dot, and 43 characters"}
RIGHTS = {"name": "web shop", "events": ["shop/*"], "tenant": "acme", "rate": 600}
OVERLAP = {"overlap": 3600}

EVENT = {"name": "shop/order.paid", "data": {"order": 7}, "id": "order-7-paid"}
EVENTS = [EVENT, {"name": "shop/order.sent", "data": {"order": 7}, "subject": "shop.order:7"}]
SENT = {"events": [{"id": _EVENT, "duplicate": False}]}
INNGEST_EVENT = [{"name": "shop/order.paid", "data": {"order": 7}, "ts": 1_795_284_000_000}]
INNGEST_SENT = {"ids": [_EVENT], "status": 200}
_METADATA = {"fetched_at": "2026-11-21T18:00:05Z", "cached_until": None}
_V1: dict[str, Any] = {
    "run_id": _ID,
    "run_started_at": "2026-11-21T18:00:00.012Z",
    "function_id": "shop-place-order",
    "function_version": 1,
    "environment_id": "00000000-0000-0000-0000-000000000000",
    "event_id": _EVENT,
    "status": "Completed",
    "ended_at": "2026-11-21T18:00:02.345Z",
    "output": {"receipt": "R-7"},
}
V1_RUN = {"data": _V1, "metadata": _METADATA}
V1_RUNS = {"data": [_V1], "metadata": _METADATA}
V1_CANCELLATION = {
    "app_id": "shop",
    "function_id": "place-order",
    "started_before": "2026-11-21T18:00:00Z",
}
V1_CANCELLED = {
    "data": {
        "id": _NEW,
        "environment_id": "00000000-0000-0000-0000-000000000000",
        "function_id": "shop-place-order",
        "started_after": None,
        "started_before": "2026-11-21T18:00:00Z",
        "cancelled": 3,
    },
    "metadata": _METADATA,
}
