"""How many requests a key has left. Counted in its row, so exactly, whichever process is asked."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce, Greatest

from durable.models import Key
from durable.store import Store
from durable.store.clock import database_in, database_now, until

_MINUTE = 60.0  # seconds in which a key gets all of its requests back


def spend(store: Store, key: Key) -> float:
    """Take one of the requests that a key has left.

    It has as many as its rate says at first, and gets them back evenly over a minute.

    Returns:
        0 if it had one, else the seconds until it has one again.
    """
    if key.rate is None:
        return 0.0
    price = _MINUTE / key.rate
    row = Key.objects.using(store.alias).filter(pk=key.pk)
    has_one = Q(full_at=None) | Q(full_at__lte=database_in(_MINUTE - price))
    since = Greatest(Coalesce(F("full_at"), database_now()), database_now())
    later = since + Value(timedelta(seconds=price), DurationField())
    full_at = ExpressionWrapper(later, DateTimeField())
    if row.filter(has_one).update(full_at=full_at):
        return 0.0
    left = row.annotate(left=until("full_at")).values_list("left", flat=True).first()
    wait = left or timedelta()
    return max(wait.total_seconds() - _MINUTE + price, price / 100)
