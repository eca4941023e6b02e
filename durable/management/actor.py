"""Who gives a command."""

from __future__ import annotations

from getpass import getuser

from durable.operations.audit import Actor


def commander() -> Actor:
    """Return the user of this process, as the audit log calls them."""
    try:
        name = getuser()
    except (KeyError, OSError, ImportError):  # a container may know no name for its user
        name = "unknown"
    return Actor(who=name, via="command")
