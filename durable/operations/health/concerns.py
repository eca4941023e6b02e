"""What is not as it should be, in plain words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from durable.conf import conf
from durable.engine.words import span
from durable.operations.health.state import state_of
from durable.operations.health.values import Cluster, Concern, Health, Level, Limits, Queue

_MANY_HINTS = 1000  # before which their number says little


def concerns(health: Health, limits: Limits) -> Iterator[Concern]:
    """Judge what was seen, the gravest first."""
    found = [
        *_crew(health),
        *_work(health, limits),
        *_messages(health, limits),
        *state_of(health.database, limits),
    ]
    yield from sorted(found, key=lambda one: one.level is not Level.CRITICAL)


def _crew(health: Health) -> Iterator[Concern]:
    if not health.alive:
        yield _no_worker(health)
    plain = [one for one in health.clusters if one.alive and not one.is_supervised]
    if plain:
        yield Concern(
            code="unsupervised",
            level=Level.WARNING,
            text=_("Nobody watches over %(clusters)s: a plain qcluster.")
            % {"clusters": _names(plain)},
            advice=_(
                "Start `manage.py durable_worker` instead. It replaces a cluster that dies or "
                "freezes, which a plain one stays until somebody notices."
            ),
        )
    versions = sorted({one.version for one in health.alive if one.version})
    if len(versions) > 1:
        yield Concern(
            code="versions",
            level=Level.WARNING,
            text=_("Workers have different versions of durable: %(versions)s.")
            % {"versions": ", ".join(versions)},
            advice=_("That is right during a deployment only. Restart the workers that are old."),
        )
    if health.mixed:
        mixed = sorted({one.function for one in health.mixed})
        yield Concern(
            code="function-versions",
            level=Level.WARNING,
            text=_("Workers have different versions of functions: %(functions)s.")
            % {"functions": ", ".join(mixed)},
            advice=_("That is right during a deployment only. Restart the workers that are old."),
        )


def _no_worker(health: Health) -> Concern:
    silent = min((one.silent for one in health.clusters), default=None)
    text = _("No worker is there.")
    if silent is not None:
        text = _("No worker has been seen for %(time)s.") % {"time": span(silent)}
    return Concern(
        code="no-worker",
        level=Level.CRITICAL,
        text=text,
        advice=_(
            "Start `manage.py durable_worker`, or look why it ended. Nothing is lost: what is due "
            "waits for it."
        ),
    )


def _names(clusters: Iterable[Cluster]) -> str:
    return ", ".join(f"{one.name} ({one.host}, {one.parent})" for one in clusters)


def _work(health: Health, limits: Limits) -> Iterator[Concern]:
    oldest = health.backlog.oldest
    if oldest is not None and oldest.oldest > limits.oldest and health.alive:
        yield _late(health, oldest)
    if health.stuck:
        yield _stuck(health)
    if health.put_off:
        yield _put_off(health)
    unknown = [one.function for one in health.backlog.functions if not one.is_known]
    if unknown:
        yield Concern(
            code="unknown-functions",
            level=Level.WARNING,
            text=_("Runs are due of functions that are not known here: %(functions)s.")
            % {"functions": ", ".join(unknown)},
            advice=_(
                "Deploy the code that has them, or cancel these runs. Where another site shares "
                "the database, its workers take them."
            ),
        )


def _late(health: Health, oldest: Queue) -> Concern:
    values = {"title": oldest.title, "time": span(oldest.oldest)}
    if not health.rate:
        return Concern(
            code="neglected",
            level=Level.CRITICAL,
            text=_("Work is due and no worker takes any: %(title)s for %(time)s.") % values,
            advice=_(
                "Read the log of the workers (logger durable.worker), and restart them. "
                "`manage.py durable_doctor` tries the way from a message to a worker."
            ),
        )
    return Concern(
        code="late",
        level=Level.WARNING,
        text=_("Workers do not keep up: %(title)s are due for %(time)s.") % values,
        advice=_(
            "If it grows, start more workers (`--workers`), or more clusters on other machines. "
            "After an outage it shrinks by itself."
        ),
    )


def _stuck(health: Health) -> Concern:
    first = health.stuck[0]
    text = ngettext(
        "%(count)d lease has passed and nobody has taken the work over, run %(run)s for %(time)s.",
        "%(count)d leases have passed and nobody has taken the work over, the first of run %(run)s"
        " %(time)s ago.",
        len(health.stuck),
    )
    values = {"count": len(health.stuck), "run": first.run, "time": span(first.late)}
    return Concern(
        code="stuck-leases",
        level=Level.CRITICAL,
        text=text % values,
        advice=_(
            "A free worker takes over what is due after a lease (%(lease)s). If there are workers, "
            "they are all busy or cannot write to the database: look at their log."
        )
        % {"lease": span(conf.LEASE)},
    )


def _put_off(health: Health) -> Concern:
    first = health.put_off[0]
    text = ngettext(
        "%(count)d event cannot be handed out to who waits for it: %(event)s (%(name)s), for %(time)s.",
        "%(count)d events cannot be handed out to who waits for them, the first %(event)s (%(name)s),"
        " for %(time)s.",
        len(health.put_off),
    )
    values = {
        "count": len(health.put_off),
        "event": first.event,
        "name": first.name,
        "time": span(first.late),
    }
    return Concern(
        code="put-off-events",
        level=Level.WARNING,
        text=text % values,
        advice=_(
            "It is no fault of the database's: the log of the workers (logger durable.engine) has the "
            "error, and `manage.py durable_verify` says whether the data can be read. They are tried "
            "again every five minutes."
        ),
    )


def _messages(health: Health, limits: Limits) -> Iterator[Concern]:
    untaken, ratio = health.broker.untaken, health.hints_per_claim
    if untaken is None:
        yield Concern(
            code="broker",
            level=Level.WARNING,
            text=_("The broker does not answer: %(name)s.") % {"name": health.broker.name},
            advice=_(
                "Work still begins where a worker looks for it, but later. Bring the broker back, "
                "or use durable's own, which needs the database only."
            ),
        )
    elif untaken > limits.messages:
        yield Concern(
            code="messages",
            level=Level.WARNING,
            text=_("%(count)d messages wait in the broker.") % {"count": untaken},
            advice=_(
                "The site's other django-q2 tasks may crowd out workflows: give them a cluster of "
                "their own. Messages of durable may be deleted at any time."
            ),
        )
    hints = sum(one.hints for one in health.alive)
    if hints >= _MANY_HINTS and ratio is not None and ratio > limits.hints_per_claim:
        yield Concern(
            code="many-hints",
            level=Level.WARNING,
            text=_("Workers were called %(ratio).1f times for each piece of work.")
            % {"ratio": ratio},
            advice=_(
                "It costs time and does no harm otherwise. Use durable's own broker, or fewer "
                "clusters on one queue."
            ),
        )
