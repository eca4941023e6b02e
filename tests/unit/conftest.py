"""Unit tests need no database; a look at it fails the test."""

from __future__ import annotations

from hypothesis import settings

# The same examples at each run: a red test stays red until it is mended.
settings.register_profile("durable", derandomize=True, deadline=None, database=None)
settings.load_profile("durable")
