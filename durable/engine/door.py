"""What application code may ask of the engine."""

from __future__ import annotations

from durable.engine.cancel import cancel
from durable.engine.ingest import ingest
from durable.engine.lookup import info, look, pauses
from durable.engine.revive import replay, retry

__all__ = ["cancel", "info", "ingest", "look", "pauses", "replay", "retry"]
