"""A form that was sent twice: the second time nothing is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from durable.access.receipts import InFlightError, is_first
from durable.admin.run_action import once_of
from durable.store import get_store

T = TypeVar("T")


class DoneBeforeError(Exception):
    """This form was sent before, and what it wishes was done. Who sent it has been told."""


def once(request: HttpRequest, work: Callable[[], T]) -> T:
    """Do what a form wishes, unless it was done for this very form before.

    Args:
        request: has the word of the form; without one it is done in any case.
        work: is forgotten together with the word when it raises.

    Raises:
        DoneBeforeError: it was.
    """
    store, word = get_store(), once_of(request)
    with transaction.atomic(store.alias):
        try:
            is_new = not word or is_first(store, f"admin\0{request.user.pk}\0{word}")
        except InFlightError:
            is_new = False
        if is_new:
            return work()
    messages.info(request, _("That was done before; nothing was changed."))
    raise DoneBeforeError
