"""The hot rows: every statement that moves a run or a step is in this package."""

from __future__ import annotations

from durable.store.store import Store, get_store

__all__ = ["Store", "get_store"]
