"""What an event is about: an object of the site."""

from __future__ import annotations

import re

from django.db.models import Model

from durable.errors import EventInvalidError
from durable.playback.failure import storable

LONGEST = 200  # characters
_TEXT = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+:.+", re.DOTALL)


def subject_text(subject: object, where: str) -> str:
    """Return "app_label.model:pk" for an object, or such a text as it is; "" for none.

    Raises:
        EventInvalidError: it is neither, or has no primary key yet.
    """
    if subject is None or subject == "":
        return ""
    text = subject_of(subject) if isinstance(subject, Model) and subject.pk is not None else subject
    if isinstance(text, str) and _is_good(text):
        return text
    raise EventInvalidError(
        f"{where}: subject must be a saved object of a model, or text such as "
        f'"shop.order:7" of {LONGEST} characters at most.',
        field="subject",
    )


def _is_good(text: str) -> bool:
    is_text = len(text) <= LONGEST and text == storable(text)
    return is_text and _TEXT.fullmatch(text) is not None


def subject_of(one: Model) -> str:
    """Return the text that stands for an object: "shop.order:7"."""
    return f"{one._meta.label_lower}:{one.pk}"
