"""Onboarding drip: letters at nine in the morning where the user lives, until there is nobody to read them.

The user's time zone is kept as `last_name`; who has logged in gets other letters than who has not.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

import durable
from tests.acceptance.site.jobs import mark

NINE = time(9)
SPREAD = 600  # seconds after nine in which the letters of a day go out
DAYS = (1, 3, 60)


@durable.create_function(
    fn_id="onboard",
    trigger=durable.TriggerEvent(event="site/user.signed-up"),
    cancel=[
        durable.Cancel(event=name, if_exp="async.data.user == event.data.user")
        for name in ("site/user.unsubscribed", "site/user.deleted")
    ],
)
def onboard(ctx: durable.ContextSync) -> list[str]:
    """Send a letter so many days after the sign-up."""
    user, journal = ctx.event.data["user"], ctx.event.data["journal"]
    signed_up = datetime.fromtimestamp(ctx.event.ts / 1000, ZoneInfo("UTC"))
    sent = [ctx.step.run("mail-0", mail, user, journal, 0)]
    for day in DAYS:
        wait_for_nine(ctx, user, signed_up, day)
        sent.append(ctx.step.run(f"mail-{day}", mail, user, journal, day))
    return sent


def wait_for_nine(ctx: durable.ContextSync, user: int, signed_up: datetime, day: int) -> None:
    """Sleep until it is nine for the user, also if the user has moved west meanwhile."""
    while nine := ctx.step.run(
        f"nine-{day}", nine_ahead, user, signed_up, day, output_type=datetime | None
    ):
        ctx.step.sleep_until(f"sleep-{day}", nine)


def nine_ahead(user: int, signed_up: datetime, day: int) -> datetime | None:
    """Return when it is nine on that day where the user lives now, or nothing if that has passed."""
    zone = ZoneInfo(User.objects.get(pk=user).last_name)
    date = signed_up.astimezone(zone).date() + timedelta(days=day)
    nine = datetime.combine(date, NINE, zone) + timedelta(seconds=user % SPREAD)
    return nine if nine > timezone.now() else None


def mail(user: int, journal: str, day: int) -> str:
    """Send the letter of a day, in the words of today."""
    reader = User.objects.get(pk=user)
    return mark(journal, f"{'welcome' if day == 0 else tip(reader)}-{day}")


def tip(reader: User) -> str:
    return "tips" if reader.last_login else "come-back"


def delete_account(user: User) -> None:
    """Delete a user, and what is under way for them, or neither."""
    with transaction.atomic():
        durable.send(durable.Event(name="site/user.deleted", data={"user": user.pk}))
        user.delete()
