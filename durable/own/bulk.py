"""One verb on all runs of a selection, thousands perhaps: a durable function of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from durable.authoring.context import ContextSync
from durable.authoring.event import RESERVED
from durable.authoring.trigger import TriggerEvent
from durable.client import default
from durable.conf import conf
from durable.engine.announce import announce
from durable.errors import DurableError
from durable.ids import new_id
from durable.models import Event, Run, Step, StepStatus
from durable.operations.act import Deed, act
from durable.operations.audit import Actor, write_down
from durable.operations.selection import Selection
from durable.store import Store, get_store
from durable.store.after import after_commit
from durable.store.executor import repeat
from durable.wake import wake

FUNCTION = "durable-bulk"
ASKED = f"{RESERVED[0]}bulk.asked"
VERBS = ("cancel", "retry", "replay", "skip", "deliver", "erase")
COUNTED = 10_000  # runs that are counted for who is asked whether
_PAGE = 100  # runs of one step, and of one transaction
_EXAMPLES = 3  # refusals that are told word by word


def ask(
    actor: Actor,
    verb: str,
    selection: Selection,
    once: str,
    data: Mapping[str, Any] | None = None,
    step: str = "",
) -> UUID:
    """Have something done to all runs that are selected now, in the caller's transaction if there is one.

    Args:
        actor: who wants it.
        verb: one of `VERBS`.
        selection: of the runs; those that come later are left alone.
        once: a word by which the same wish is known when it is sent twice.
        data: of the event that is delivered; or, for replays, fields that replace those of each input.
        step: from which each is replayed; without it, from its beginning.

    Returns:
        The id of the run that does it.
    """
    store = get_store()
    chosen = selection.pinned(store.alias)
    wish = {
        "verb": verb,
        "selection": {"until": str(new_id()), **chosen.to_json()},
        **({"step": step} if step else {}),
        "who": actor.who,
        "via": actor.via,
    }
    return repeat(store.alias, partial(_ask, store, actor, wish, data, once))


def _ask(
    store: Store, actor: Actor, wish: dict[str, Any], data: Mapping[str, Any] | None, once: str
) -> UUID:
    with transaction.atomic(store.alias):
        whole = wish if data is None else {**wish, "data": data}
        started = announce(store, ASKED, once, whole, also=[FUNCTION])
        (event,) = Event.objects.using(store.alias).filter(name=ASKED, custom_id=once)
        run = Run.objects.using(store.alias).get(event=event, function=FUNCTION, replay=0)
        if started:
            write_down(store, actor, f"{wish['verb']} many", "run", run.pk, after=wish)
            after_commit(store.alias, wake, started)
    return run.pk


@default.create_function(
    fn_id=FUNCTION, name="Do to many runs", trigger=TriggerEvent(event=ASKED), strict=False
)
def act_on_all(ctx: ContextSync) -> dict[str, Any]:
    """Page through the selection; each page is one transaction, so each run is done once."""
    asked = dict(ctx.event.data)
    total = ctx.step.run("count", _count, asked)
    size = max(_PAGE, -(-total // max(conf.MAX_STEPS - 10, 1)))
    sums: dict[str, Any] = {"total": total, "done": 0, "refused": 0, "examples": []}
    last = ""
    while True:
        page = ctx.step.run("page", _page, asked, last, size, ctx.run_id, atomic=True)
        sums["done"] += page["done"]
        sums["refused"] += page["refused"]
        sums["examples"] = (sums["examples"] + page["examples"])[:_EXAMPLES]
        last = page["last"]
        if not last:
            return sums


def meant(verb: str, selection: Selection) -> int:
    """Return how many runs it would be done to now; one more than `COUNTED` for any number beyond."""
    rows = _runs({"verb": verb, "selection": selection.to_json()})
    return int(rows.order_by().values("pk")[: COUNTED + 1].count())


def _runs(asked: Mapping[str, Any]) -> Any:
    """Return the runs that were selected; of those that fan-out made, only what can be done to them."""
    selection = Selection.of_json(asked["selection"])
    rows = selection.of(Run.objects.using(get_store().alias))
    if not selection.tenant:  # of which ours are not: its runs are counted in their index alone
        rows = rows.exclude(function=FUNCTION)
    return rows if asked["verb"] == "cancel" else rows.filter(step="")


def _count(asked: Mapping[str, Any]) -> int:
    return int(_runs(asked).count())


def _page(asked: Mapping[str, Any], last: str, size: int, bulk: str) -> dict[str, Any]:
    """Do it to the next runs, the newest first; some may have gone on since: those are refused.

    In the audit log each has a line of its own, with the id of the run that does it, `bulk`.
    """
    rows = _runs(asked).order_by("-pk")
    rows = rows.filter(pk__lt=last) if last else rows
    ids = list(rows.values_list("pk", flat=True)[:size])
    actor = Actor(who=asked["who"], via=asked["via"])
    answers = [_try(partial(act, actor, _deed(asked, pk, bulk))) for pk in ids]
    refused = [answer for answer in answers if answer]
    return {
        "done": len(answers) - len(refused),
        "refused": len(refused),
        "examples": refused[:_EXAMPLES],
        "last": str(ids[-1]) if len(ids) == size else "",
    }


def _deed(asked: Mapping[str, Any], run: UUID, bulk: str) -> Deed:
    return Deed(
        verb=asked["verb"],
        run=run,
        step=asked.get("step"),
        data=asked.get("data"),
        is_patch=True,
        bulk=bulk,
    )


def _try(do: Callable[[], object]) -> str:
    """Return why it was refused, or nothing."""
    try:
        do()
    except DurableError as error:
        return str(error)
    return ""


def progress(alias: str, run: Run) -> dict[str, Any] | None:
    """Return how far a run of this function is; None for a run of another one.

    Returns:
        `total`, None while it has not been counted, `done`, `refused`, and `examples` of refusals.
    """
    if run.function != FUNCTION:
        return None
    steps = Step.objects.using(alias).filter(run=run, status=StepStatus.DONE).order_by("pk")
    sums: dict[str, Any] = {"total": None, "done": 0, "refused": 0, "examples": []}
    for step in steps.only("name", "output", "large", "run_id", "key"):
        value = step.result
        if step.name == "count":
            sums["total"] = value
        else:
            sums["done"] += value["done"]
            sums["refused"] += value["refused"]
            sums["examples"] = (sums["examples"] + value["examples"])[:_EXAMPLES]
    return sums
