"""What was seen, in plain words: one line a fact."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from durable.engine.words import span
from durable.operations.health.values import Health, Queue
from durable.store.condition import Condition

NAMED = 8  # workers of one version

Fact = tuple[str, str]  # what it is about, and what there is to say


def facts(health: Health) -> Iterator[Fact]:
    """Say what was seen, whether or not it is a concern."""
    yield (
        _("workers"),
        _("%(alive)d of %(seen)d seen lately; clusters: %(clusters)d")
        % {
            "alive": len(health.alive),
            "seen": sum(len(one.workers) for one in health.clusters),
            "clusters": sum(bool(one.alive) for one in health.clusters),
        },
    )
    yield _("functions"), _versions(health)
    yield _("claims"), _pace(health)
    yield _("due"), "; ".join(map(_queue, health.backlog.queues)) or _("nothing")
    yield (
        _("leases"),
        (
            ngettext("%(count)d has passed", "%(count)d have passed", len(health.stuck))
            % {"count": len(health.stuck)}
            if health.stuck
            else _("none has passed")
        ),
    )
    yield _("broker"), _broker(health)
    yield from _database(health.database)


def _versions(health: Health) -> str:
    functions = len({one.function for one in health.versions})
    if not functions:
        return _("no worker told which it has")
    if not health.mixed:
        text = ngettext("%(count)d, of one version", "%(count)d, each of one version", functions)
        return text % {"count": functions}
    return "; ".join(
        _("%(function)s %(version)s on %(workers)s")
        % {
            "function": one.function,
            "version": one.version,
            "workers": ", ".join(one.workers[:NAMED]) + (" …" if one.workers[NAMED:] else ""),
        }
        for one in health.mixed
    )


def _pace(health: Health) -> str:
    text = _("%(rate).0f a minute") % {"rate": health.rate}
    ratio = health.hints_per_claim
    if ratio is None:
        return text
    return _("%(text)s; %(ratio).2f messages for each") % {"text": text, "ratio": ratio}


def _queue(queue: Queue) -> str:
    count = queue.count
    what = {
        "runs": ngettext("%(count)s run to be driven", "%(count)s runs to be driven", count),
        "steps": ngettext("%(count)s planned step", "%(count)s planned steps", count),
        "timers": ngettext(
            "%(count)s sleep or wait that is over",
            "%(count)s sleeps and waits that are over",
            count,
        ),
        "events": ngettext(
            "%(count)s event to be handed out", "%(count)s events to be handed out", count
        ),
        "schedules": ngettext("%(count)s schedule", "%(count)s schedules", count),
        "deadlines": ngettext("%(count)s run out of time", "%(count)s runs out of time", count),
    }[queue.kind]
    words = ngettext("%(what)s, for %(time)s", "%(what)s, the first for %(time)s", count)
    more = "+" if queue.is_more else ""
    return words % {"what": what % {"count": f"{count}{more}"}, "time": span(queue.oldest)}


def _broker(health: Health) -> str:
    name, untaken = health.broker.name, health.broker.untaken
    if untaken is None:
        return _("%(name)s; it does not say what waits in it") % {"name": name}
    text = ngettext(
        "%(name)s; %(count)d message waits", "%(name)s; %(count)d messages wait", untaken
    )
    return text % {"name": name, "count": untaken}


def _database(database: Condition) -> Iterator[Fact]:
    setting = f" ({database.commits})" if database.commits else ""
    yield _("database"), f"{database.server}, {_safety(database)}{setting}"
    if database.sessions is not None:
        yield (
            _("sessions"),
            _("%(sessions)d of %(most)d")
            % {
                "sessions": database.sessions,
                "most": database.most_sessions or 0,
            },
        )
    if database.oldest_transaction is not None:
        yield (
            _("oldest transaction"),
            _("open for %(time)s") % {"time": span(database.oldest_transaction)},
        )
    if database.rows:
        rows = ", ".join(f"{table} {count:,}" for table, count in database.rows.items())
        yield _("rows, about"), rows


def _safety(database: Condition) -> str:
    if database.has_safe_commits is None:
        return _("it does not say whether commits outlast a crash")
    if not database.has_safe_commits:
        return _("a crash may take the last commits")
    if database.is_lazy:
        return _("commits outlast a killed process; a power cut may take the last ones")
    return _("commits outlast a power cut")
