"""What a body was called with, for people to read: never needed to go on."""

from __future__ import annotations

from typing import Any

from durable import codec
from durable.errors import LimitExceededError, OutputUnserializableError
from durable.playback.parameters import secret_places
from durable.playback.request import FanOut, Request, What, Work
from durable.secret import HIDDEN

MOST = 4096  # bytes; what is longer is not kept
_DEEPEST = 20
_PLAIN = (str, bytes, list, tuple, dict)


def given(request: Request) -> str | None:
    """Return the JSON list of a body's arguments, or an object that says why they are not kept.

    Returns:
        None if there are none, or the body is durable's own.
    """
    work = _work(request.what)
    if work is None or not work.args:
        return None
    args = _seen(work)
    # To encode what is huge would take long. Others may do anything when they are asked: query a database.
    if any(type(one) in _PLAIN and len(one) > MOST for one in args):
        return _without(f"They are longer than {MOST:,} bytes.")
    try:
        what = f"an argument of step {request.title!r}"
        return codec.encode(args, what=what, limit=MOST, setting="", depth=_DEEPEST)
    except LimitExceededError:
        return _without(f"They are longer than {MOST:,} bytes.")
    except OutputUnserializableError as error:
        return _without(str(error))
    except Exception:  # noqa: BLE001 - a strange argument must not fail the step that takes it
        return _without("They are no plain JSON.")


def _work(what: What) -> Work | None:
    work = what.work if isinstance(what, FanOut) else what
    return work if isinstance(work, Work) and work.op == "run" else None


def _seen(work: Work) -> list[Any]:
    """Return the arguments, without those whose parameters have the names of secrets."""
    args = list(work.args)
    try:
        places = secret_places(work.call, len(args))
        if work.each is not None and secret_places(work.each, 1):
            places = (len(args) - 1,)  # the items
    except Exception:  # noqa: BLE001 - nor must a strange body
        return args
    for place in places:
        args[place] = HIDDEN
    return args


def _without(why: str) -> str:
    return codec.encode({"not kept": why}, what="", limit=MOST, setting="", depth=2)
