"""Cron lines: five fields in a time zone, and when they come round. The only file that knows cronsim.

Times around a change of the clocks follow Debian: a fixed time that the spring night skips comes when the
night goes on, one that the autumn night repeats comes once; lines with * or */n as their minute or hour
count real time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

try:
    from cronsim import CronSim, CronSimError
except ImportError:  # the extra `cron`: a system check asks for it once a function has a line
    CronSim = None  # type: ignore[assignment,misc]

LONGEST = 200  # characters
COUNTED = 1000  # missed times that are counted; beyond that there were more
ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_ZONE = "TZ="
_SOME_TIME = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A cron line that was read."""

    text: str  # as it is stored and shown: one blank between fields, names in capitals
    fields: str  # the five, without zone and aliases
    zone: ZoneInfo | None  # None for the site's

    def next(self, after: datetime, site: tzinfo) -> datetime:
        """Return the first time that is later than `after`, in UTC.

        Args:
            site: the zone of lines that name none.
        """
        for tick in CronSim(self.fields, after.astimezone(self.zone or site)):
            # In the repeated hour of autumn cronsim may name a time of the first round once more.
            if (moment := tick.astimezone(UTC)) > after:
                return moment
        raise ValueError(f"{self.text!r} never comes after {after}")

    def comes_at(self, moment: datetime, site: tzinfo) -> bool:
        """Whether this is one of its times."""
        return self.next(moment - timedelta(seconds=1), site) == moment

    def latest(self, tick: datetime, now: datetime, site: tzinfo) -> Latest:
        """Return the last of its times up to `now`, going on from `tick`, one of them."""
        skipped, following = 0, self.next(tick, site)
        while following <= now and skipped < COUNTED:
            skipped += 1
            tick, following = following, self.next(following, site)
        is_all = following > now
        if not is_all:
            tick, following = self.around(now, site)
        return Latest(tick=tick, skipped=skipped, is_all=is_all, following=following)

    def around(self, now: datetime, site: tzinfo) -> tuple[datetime, datetime]:
        """Return its last time up to `now` and the next, without counting all the way."""
        back = timedelta(hours=1)
        while (following := self.next(now - back, site)) > now:
            back *= 8
        while following <= now:
            tick, following = following, self.next(following, site)
        return tick, following


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """Where a line stands."""

    tick: datetime  # its last time
    skipped: int  # those passed over before it
    is_all: bool  # whether there were no more of them
    following: datetime  # the next


def is_installed() -> bool:
    """Whether cronsim is there to reckon with."""
    return CronSim is not None


def read(line: str) -> Cron:
    """Read a cron line.

    Raises:
        ValueError: says what is wrong with it, to go on from the line itself.
    """
    words = line.split()
    zone = _zone(words.pop(0)) if words and words[0].startswith(_ZONE) else None
    if len(words) == 1 and words[0].startswith("@"):
        words = [words[0].lower()]
    else:
        words = [word.upper() for word in words]
    fields = _fields(words)
    text = " ".join([f"{_ZONE}{zone.key}", *words] if zone else words)
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} characters; the most is {LONGEST}")
    _check(fields)
    return Cron(text=text, fields=fields, zone=zone)


def _zone(word: str) -> ZoneInfo:
    name = word.removeprefix(_ZONE)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of zones
        raise ValueError(f"names an unknown time zone, {name!r}") from None


def _fields(words: list[str]) -> str:
    if len(words) == 1 and words[0].startswith("@"):
        if words[0] not in ALIASES:
            raise ValueError(f"is not one of {', '.join(ALIASES)}")
        return ALIASES[words[0]]
    if len(words) != 5:
        raise ValueError(
            f"has {len(words)} fields; it must have five: minute, hour, day of month, month, day "
            "of week. There are no seconds"
        )
    return " ".join(words)


def _check(fields: str) -> None:
    if not is_installed():
        return
    minute, hour, day, _, weekday = fields.split()
    in_any_month = f"{minute} {hour} {day} * {weekday}"
    for wanted in (in_any_month, fields):
        try:
            next(CronSim(wanted, _SOME_TIME))
        except StopIteration:
            raise ValueError("never comes: there is no such day") from None
        except CronSimError as error:
            if wanted is fields and str(error) == "Bad day-of-month":
                raise ValueError("never comes: there is no such day") from None
            raise ValueError(f"has a wrong field: {error}") from None
