"""How a source is told that its delivery was not taken."""

from __future__ import annotations


class RefusedError(Exception):
    """A delivery is not taken: nothing of it was stored.

    Args:
        status: of HTTP.
        code: stable, for programs.
        detail: for people; nothing of the body is in it.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
