"""The paths of branches: "0.1" is the second branch of a group in the first branch of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence


def above(branch: str) -> Iterator[str]:
    """Return the paths of a branch and of all branches above it, the function's own first."""
    yield ""
    path = ""
    for part in branch.split(".") if branch else ():
        path = f"{path}.{part}" if path else part
        yield path


def by_path(keys: Iterable[str], branches: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Return which of the steps stand in and below each branch, by its path."""
    found: dict[str, list[str]] = {}
    for key in keys:
        for path in above(branches[key]):
            found.setdefault(path, []).append(key)
    return found
