"""Webhooks in: what other services send, checked, and made into events. Knows no REST framework."""

from __future__ import annotations

from durable.webhooks.delivery import Delivery

__all__ = ["Delivery"]
