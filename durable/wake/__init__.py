"""Waking: tell somebody that something is due. May be lost, doubled or late; never changes a result."""

from __future__ import annotations

from durable.wake.seam import use, wake, wake_in

__all__ = ["use", "wake", "wake_in"]
