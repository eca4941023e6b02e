"""The `DURABLE` setting: one dict, its defaults on one screen, unknown names refused."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from durable.errors import SettingInvalidError
from durable.secret import REDACT

BACKOFF: Sequence[float] = (15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200)

DEFAULTS: Mapping[str, Any] = {
    "DATABASE": None,  # alias of durable's tables; None asks the database routers
    "MODULE": "workflows",  # the module of each installed app in which functions are found
    "PARALLEL_MODE": "wait",  # "wait" or "race", where neither group, function nor client says
    "STRICT": False,  # one step per call of the function, as Inngest does
    "RETRIES": 3,  # tries after the first, for steps and for the code between them
    "BACKOFF": BACKOFF,  # seconds before each retry, or the dotted path of f(attempt) -> seconds
    "JITTER": None,  # seconds at most, added at random; None means 30 with this table, 0 with another
    "LEASE": 30.0,  # seconds after which a silent worker's work is taken over
    "HEARTBEAT": 10.0,  # seconds between two renewals of a lease
    "LINGER": 0.05,  # seconds a worker waits for more work before it gives its process back
    "MAX_CRASHES": 3,  # workers one piece of work may kill before it fails
    "MAX_STEPS": 1000,  # steps of one run
    "MAX_STEP_BYTES": 4 * 1024 * 1024,  # JSON of one result
    "MAX_RUN_BYTES": 32 * 1024 * 1024,  # JSON of all results of one run
    "MAX_EVENT_BYTES": 3 * 1024 * 1024,  # JSON of one event's data
    "MAX_DEPTH": 64,  # nesting of one JSON value
    "RETENTION": None,  # how long ended runs are kept: None, a timedelta, "30d", or a dict by function
    "AUDIT_RETENTION": "365d",  # how long the audit log is kept: None, a timedelta, or "365d"
    "REDACT": REDACT,  # patterns of keys and parameters whose values people do not see, without _ and -: "*token*"
    "HIDE_PAYLOADS_OF": (),  # patterns of ids of functions whose payloads people do not see: "payroll-*"
    "EXPRESSIONS": "subset",  # language of conditions on events: "subset", or "cel" for all of it
    "TENANT_OF": None,  # the dotted path of f(user) -> the only tenant that a user of the site sees
    "WEBHOOKS": {},  # who may send to hooks/<name>/, by name: SCHEME, SECRETS, EVENT
}

_TYPES: Mapping[str, tuple[type, ...]] = {
    "DATABASE": (str, type(None)),
    "JITTER": (int, float, type(None)),
    "MODULE": (str,),
    "RETENTION": (str, timedelta, dict, type(None)),
    "AUDIT_RETENTION": (str, timedelta, type(None)),
    "PARALLEL_MODE": (str,),
    "EXPRESSIONS": (str,),
    "TENANT_OF": (str, type(None)),
    "STRICT": (bool,),
    "WEBHOOKS": (dict,),
    "BACKOFF": (list, tuple, str),
    "REDACT": (list, tuple),
    "HIDE_PAYLOADS_OF": (list, tuple),
}

_CHOICES: Mapping[str, tuple[str, str]] = {
    "PARALLEL_MODE": ("wait", "race"),
    "EXPRESSIONS": ("subset", "cel"),
}


class Conf:
    """Read-only view of the `DURABLE` setting over the defaults; follows `override_settings`."""

    def __getattr__(self, name: str) -> Any:
        if name not in DEFAULTS:
            raise AttributeError(name)
        given = getattr(settings, "DURABLE", {})
        problems = list(complaints(given))
        if problems:
            raise SettingInvalidError(problems[0])
        for key, default in DEFAULTS.items():
            self.__dict__[key] = given.get(key, default)
        return self.__dict__[name]

    def reset(self) -> None:
        """Forget what was read, so that the next look reads the setting again."""
        self.__dict__.clear()


@cache
def imported(name: str, path: str) -> Callable[..., Any]:
    """Return the function that a setting names by its dotted path.

    Raises:
        SettingInvalidError: it cannot be imported, or is none.
    """
    try:
        found: Any = import_string(path)
    except ImportError as error:
        raise SettingInvalidError(
            f"DURABLE[{name!r}]: {path!r} cannot be imported: {error}"
        ) from error
    if not callable(found):
        raise SettingInvalidError(f"DURABLE[{name!r}]: {path!r} is not a function.")
    return cast(Callable[..., Any], found)


def complaints(given: object) -> list[str]:
    """Return a sentence for each thing wrong with a `DURABLE` dict."""
    if not isinstance(given, Mapping):
        return [f"DURABLE must be a dict, not {type(given).__name__}."]
    return [text for name, value in given.items() if (text := _complaint(name, value))]


def _complaint(name: str, value: object) -> str:
    if name not in DEFAULTS:
        near = difflib.get_close_matches(str(name).upper(), DEFAULTS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"DURABLE has an unknown entry {name!r}.{hint}"
    counts = name.startswith("MAX_") or name == "RETRIES"
    wanted = _TYPES.get(name, (int,) if counts else (int, float))
    wrong = not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)
    if wrong:
        names = " or ".join("None" if t is type(None) else t.__name__ for t in wanted)
        return f"DURABLE[{name!r}] must be {names}, not {value!r}."
    return _range_complaint(name, value)


def _range_complaint(name: str, value: Any) -> str:
    if name in _CHOICES and value not in _CHOICES[name]:
        one, other = _CHOICES[name]
        return f"DURABLE[{name!r}] must be {one!r} or {other!r}, not {value!r}."
    if name in ("REDACT", "HIDE_PAYLOADS_OF") and not all(isinstance(one, str) for one in value):
        return f"DURABLE[{name!r}] must list patterns as texts, not {value!r}."
    if name == "BACKOFF" and not isinstance(value, str):
        numbers = all(type(s) in (int, float) and 0 <= s < float("inf") for s in value)
        if not value or not numbers:
            return f"DURABLE['BACKOFF'] must list seconds >= 0, not {value!r}."
    if isinstance(value, int | float) and not isinstance(value, bool):
        least = (
            0 if name in ("RETRIES", "JITTER", "LINGER") else 1 if name.startswith("MAX") else 0.1
        )
        if not least <= value < float("inf"):
            return f"DURABLE[{name!r}] must be at least {least} and finite, not {value!r}."
    return ""


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting == "DURABLE":
        conf.reset()


conf = Conf()
setting_changed.connect(_forget)
