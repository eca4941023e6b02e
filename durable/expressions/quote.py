"""JSON values spelled as literals: nothing in them can end the literal they are in."""

from __future__ import annotations

import json
from typing import Any


def quote(value: Any) -> str:
    """Return the literal of a JSON value. Numbers get brackets: a minus before them is no part of them."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"({text})" if text[0] in "-0123456789" else text
