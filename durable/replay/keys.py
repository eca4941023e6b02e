"""The identity of a step within its run."""

from __future__ import annotations

from hashlib import sha1


def step_key(name: str, index: int, branch: str) -> str:
    """Return the key by which a step's result is remembered.

    Args:
        name: the id the author gave.
        index: how often the same branch used that id before.
        branch: path of the parallel branch, empty outside of groups. Branches count for themselves, so
            that a fast branch can never be handed a result of a slow one that repeats its ids.
    """
    identity = f"{name}:{index}" if index else name
    if branch:
        identity = f"{branch}\x1f{identity}"
    return sha1(identity.encode(), usedforsecurity=False).hexdigest()
