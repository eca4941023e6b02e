"""How long ended runs are kept: what the site's setting says, and what is said of single functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from durable.authoring.duration import duration
from durable.conf import conf
from durable.errors import DurationInvalidError, SettingInvalidError
from durable.models.status import FINAL_RUN

LEAST = timedelta(days=1)  # for which the id of an event, and the key of a run, must count
EVERY = "*"

Ages = Mapping[str, timedelta | None]  # by status; None is for ever
_FOR_EVER: Ages = dict.fromkeys(FINAL_RUN, None)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long runs are kept after their end.

    Args:
        usual: of functions that are not named.
        functions: of those that are, by id.
        audit: how long it is known who did what to them, and to all else; None is for ever.
    """

    usual: Ages = field(default_factory=lambda: _FOR_EVER)
    functions: Mapping[str, Ages] = field(default_factory=dict)
    audit: timedelta | None = None

    def of(self, function: str) -> Ages:
        """Return how long runs of a function are kept, by status; None is for ever."""
        return self.functions.get(function, self.usual)

    @property
    def is_set(self) -> bool:
        """Whether any run is ever to be removed."""
        return any(age for ages in (self.usual, *self.functions.values()) for age in ages.values())

    @property
    def events(self) -> timedelta | None:
        """How long events are kept that no run refers to: as long as any run that is not named."""
        ages = list(self.usual.values())
        return None if None in ages else max(age for age in ages if age)


def retention(overrides: Mapping[str, Any] | None = None) -> Retention:
    """Read `DURABLE["RETENTION"]` and `DURABLE["AUDIT_RETENTION"]`.

    Args:
        overrides: entries of single functions that are stronger, in the form of the setting's.

    Raises:
        SettingInvalidError: it cannot be read; the message names the entry.
    """
    given = conf.RETENTION
    entries = given if isinstance(given, Mapping) else {EVERY: given}
    read = {name: _ages(name, value) for name, value in {**entries, **(overrides or {})}.items()}
    audit = _age("DURABLE['AUDIT_RETENTION']", conf.AUDIT_RETENTION)
    return Retention(read.pop(EVERY, _FOR_EVER), read, audit)


def is_audit_short(ages: Retention) -> bool:
    """Whether some runs are kept for longer, by the setting, than it is known who did what to them."""
    every = [age for one in (ages.usual, *ages.functions.values()) for age in one.values() if age]
    return ages.audit is not None and any(age > ages.audit for age in every)


def _ages(name: str, value: Any) -> Ages:
    if not isinstance(value, Mapping):
        return dict.fromkeys(FINAL_RUN, _age(f"DURABLE['RETENTION'][{name!r}]", value))
    unknown = ", ".join(sorted(map(str, set(value) - set(FINAL_RUN))))
    if unknown:
        raise SettingInvalidError(
            f"DURABLE['RETENTION'][{name!r}] names {unknown}; runs end as {', '.join(FINAL_RUN)}."
        )
    ages = {
        status: _age(f"DURABLE['RETENTION'][{name!r}][{status!r}]", age)
        for status, age in value.items()
    }
    return {**_FOR_EVER, **ages}


def _age(what: str, value: Any) -> timedelta | None:
    if value is None:
        return None
    if not isinstance(value, timedelta | str):
        raise SettingInvalidError(f'{what} must be a timedelta, text like "30d", or None.')
    try:
        age = value if isinstance(value, timedelta) else duration(value, what)
    except DurationInvalidError as error:
        raise SettingInvalidError(str(error)) from error
    return checked(age, what)


def checked(age: timedelta, what: str) -> timedelta:
    """Return an age that runs may be removed at.

    Raises:
        SettingInvalidError: it is less than a day.
    """
    if age < LEAST:
        raise SettingInvalidError(
            f"{what} is less than a day, for which the id of an event has to count."
        )
    return age
