"""Events as they come in: what is wrong with each is told by its place, and never repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from durable.authoring.event import RESERVED, Event
from durable.engine.ingest import LONGEST, TENANT, prepared
from durable.engine.subject import subject_text
from durable.errors import EventInvalidError, LimitExceededError, OutputUnserializableError
from durable.models import Event as EventRow
from durable.playback.failure import storable

FIELDS = ("name", "data", "id", "ts", "tenant", "subject")
AHEAD, BEHIND = timedelta(hours=1), timedelta(days=366)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,40}")  # a name that may be repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one event: a code of `problems.TITLES`, the field, and a sentence."""

    code: str
    field: str
    detail: str

    def at(self, index: int) -> dict[str, Any]:
        """Return it as an answer has it."""
        return {"index": index, "code": self.code, "field": self.field, "detail": self.detail}


class FaultError(Exception):
    """An event is not good."""

    def __init__(self, code: str, field: str, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(code=code, field=field, detail=detail)


def read_strictly(given: Any, received: datetime) -> EventRow:
    """Return the row of an event that is sent to durable's own address.

    Raises:
        FaultError: a field is missing, wrong or not known.
    """
    if not isinstance(given, Mapping):
        raise FaultError("invalid", "", "An event must be a JSON object.")
    unknown = [name if _PLAIN.fullmatch(name) else "…" for name in given if name not in FIELDS]
    if unknown:
        known = ", ".join(FIELDS)
        raise FaultError(
            "unknown_field", ", ".join(unknown[:10]), f"The fields of an event are {known}."
        )
    _check_name(given.get("name"))
    for field, longest in (("id", LONGEST), ("tenant", TENANT), ("subject", LONGEST)):
        if field in given:
            _check_text(field, given[field], longest)
    moment = _moment(given["ts"], received) if "ts" in given else None
    return row(
        Event(
            name=given["name"],
            data=_object(given.get("data", {})),
            id=given.get("id", ""),
            ts=0 if moment is None else round(moment.timestamp() * 1000),
            tenant=given.get("tenant", ""),
            subject=given.get("subject", ""),
        ),
        received,
    )


def row(event: Event, received: datetime) -> EventRow:
    """Return the row of an event whose fields are of the right types.

    Raises:
        FaultError: it cannot be stored.
    """
    try:
        return prepared(event, "event", received)
    except EventInvalidError as error:
        raise FaultError("invalid", error.field, f"The field {error.field} is not good.") from None
    except OutputUnserializableError as error:
        place = error.path if len(error.path) <= 200 else f"{error.path[:200]}…"
        text = f"There is no JSON for what is at {place}."
        raise FaultError("invalid", "data", text) from None
    except LimitExceededError as error:
        text = f"The data is larger than DURABLE[{error.setting!r}]."
        raise FaultError("too_large", "data", text) from None


def _check_name(name: object) -> None:
    _check_text("name", name, LONGEST)
    if str(name).startswith(RESERVED):
        text = f"Names that begin with {' or '.join(RESERVED)} are durable's own."
        raise FaultError("invalid", "name", text)


def _check_text(field: str, value: object, longest: int) -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        text = f"It must be text of 1 to {longest} characters."
        raise FaultError("invalid", field, text)
    if value != storable(value):
        raise FaultError("invalid_text", field, "It holds a character that cannot be stored.")
    if field == "subject":
        try:
            subject_text(value, "event")
        except EventInvalidError:
            text = 'It must be such as "shop.order:7".'
            raise FaultError("invalid", field, text) from None


def _object(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise FaultError("invalid", "data", "It must be a JSON object.")
    return data


def _moment(ts: object, received: datetime) -> datetime:
    """Return the time of milliseconds since 1970, or of text with an offset."""
    try:
        moment = _read_moment(ts)
    except (ValueError, OverflowError, OSError):
        text = "It must be milliseconds since 1970, or text such as 2026-11-21T18:00:00Z."
        raise FaultError("time_out_of_range", "ts", text) from None
    if not received - BEHIND <= moment <= received + AHEAD:
        text = "It must be within the last 366 days, and not more than an hour to come."
        raise FaultError("time_out_of_range", "ts", text)
    return moment


def _read_moment(ts: object) -> datetime:
    if isinstance(ts, int) and not isinstance(ts, bool):
        return datetime.fromtimestamp(ts / 1000, UTC)
    if isinstance(ts, str) and len(ts) <= 40:
        moment = datetime.fromisoformat(ts)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise ValueError


def read_all(
    given: Sequence[Any], received: datetime
) -> tuple[list[EventRow], list[dict[str, Any]]]:
    """Return the rows of the events that are good, and what is wrong with the others."""
    rows, faults = [], []
    for index, one in enumerate(given):
        try:
            rows.append(read_strictly(one, received))
        except FaultError as error:
            faults.append(error.fault.at(index))
    return rows, faults
