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
    # NUL stands in no name, so that "a:1" is not the second "a".
    identity = f"{name}\0{index}" if index else name
    if branch:
        identity = f"{branch}\0{identity}"
    return sha1(identity.encode(), usedforsecurity=False).hexdigest()
