"""A run whose code no longer comes to what its history holds."""

from __future__ import annotations

from collections.abc import Sequence

from durable.errors import StepUnexpectedError
from durable.playback.tape import Tape
from durable.store import Store
from durable.store.rows import StepClaim

_SHOWN = 20  # steps of either side, the last ones


def unexpected(store: Store, claim: StepClaim, function: str, tape: Tape) -> StepUnexpectedError:
    """Say that a planned step was not reached again; show the history, and what the code asked for."""
    history = [f"{step.title!r} ({step.status})" for step in store.revivals.steps(claim.run)]
    asked = [repr(title) for title in tape.asked]
    return StepUnexpectedError(
        f"Step {claim.name!r} of function {function!r} was planned, but the function did not come "
        "to it again: what it does between steps must depend on steps' results and the event "
        "only, and a deploy must not remove a step that is planned. "
        f"The history holds {_said(history)}; the code asked for {_said(asked)}. Deploy code that "
        f"comes to it, and then: manage.py durable_retry {claim.run}"
    )


def _said(words: Sequence[str]) -> str:
    more = "… " if len(words) > _SHOWN else ""
    return more + (", ".join(words[-_SHOWN:]) or "nothing")
