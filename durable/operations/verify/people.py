"""What is true of what people did in the admin, where that is installed."""

from __future__ import annotations

from django.apps import apps
from django.db.models import CharField, Exists, F, Min, OuterRef, Value
from django.db.models.functions import Cast, Concat

from durable.models import Operation
from durable.operations.verify.invariant import Invariant, Rows

_VERB = Concat(Value("durable: "), F("action"), Value(";"))  # as the admin begins its line


def _unwritten(entries: Rows) -> Rows:
    """Lines on runs for which the audit log has none, as far as that reaches back."""
    book = Operation.objects.using(entries.db).filter(kind="run", via="admin")
    oldest = book.aggregate(oldest=Min("at"))["oldest"]
    if oldest is None:
        return entries.none()
    said = Cast(OuterRef("change_message"), CharField())
    mine = book.filter(target=Cast(OuterRef("object_id"), CharField()))
    written = mine.annotate(said=said).filter(said__startswith=_VERB)
    of_runs = entries.filter(content_type__app_label="durable", content_type__model="run")
    acts = of_runs.filter(change_message__startswith="durable: ", change_message__contains=";")
    return acts.filter(action_time__gte=oldest).exclude(Exists(written))


def _invariants() -> tuple[Invariant, ...]:
    if not apps.is_installed("django.contrib.admin"):
        return ()
    return (
        Invariant(
            id="I32",
            says="what the admin's own log tells of a run is in the audit log",
            model=apps.get_model("admin", "LogEntry"),
            broken=_unwritten,
        ),
    )


INVARIANTS = _invariants()
