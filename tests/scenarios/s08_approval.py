"""A purchase is approved: asked for by signed link, reminded of, delegated, escalated, or given up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse

import durable

MAY_APPROVE = "auth.add_group"
PATIENCE = ("2d", "2d")  # before a reminder, and before the manager is asked


@durable.create_function(
    fn_id="approve-purchase",
    trigger=durable.TriggerEvent(event="purchase/requested"),
)
def approve_purchase(ctx: durable.ContextSync) -> str:
    """Ask the approver, remind, ask the manager; what is decided first counts."""
    data = dict(ctx.event.data)
    decision = decide(ctx, data["approver"]) or decide(ctx, data["manager"])
    verdict, by = decision or ("expired", None)
    ctx.step.run("record", record, data, verdict, by, atomic=True)
    return verdict


def decide(ctx: durable.ContextSync, approver: int) -> tuple[str, int] | None:
    """Return verdict and approver, or None if nobody answers. Who delegates passes the question on."""
    data = dict(ctx.event.data)
    reminders = list(data.get("patience", PATIENCE))
    while reminders:
        ctx.step.run("ask", ask, data, approver)
        answer = ctx.step.wait_for_event(
            "decision", event="purchase/decided", match="data.request", timeout=reminders.pop(0)
        )
        if answer is None:
            continue
        by = answer.data["by"]
        if not ctx.step.run("check", may_approve, by):
            reminders.insert(0, "2d")
        elif answer.data["verdict"] == "delegated":
            approver, reminders = answer.data["to"], list(PATIENCE)
        else:
            return answer.data["verdict"], by
    return None


def ask(data: dict[str, Any], approver: int) -> None:
    """Mail the approver a link."""
    link = signing.dumps({"request": data["request"], "by": approver})
    with Path(data["folder"], "mails").open("a") as mails:
        mails.write(f"{approver} {link}\n")


def may_approve(user: int) -> bool:
    """Whether a user may decide, as of now."""
    found = User.objects.filter(pk=user, is_active=True).first()
    return found is not None and found.has_perm(MAY_APPROVE)


def record(data: dict[str, Any], verdict: str, by: int | None) -> None:
    """Write down what was decided, once for each request, and who did."""
    trail = Group.objects.create(name=f"{data['request']} {verdict}")
    if by is not None:
        User.objects.get(pk=by).groups.add(trail)


def answer_view(request: HttpRequest, link: str) -> HttpResponse:
    """Show the question on GET, which scanners of mail do too; take the answer on POST."""
    try:
        asked = signing.loads(link, max_age=30 * 24 * 3600)
    except signing.BadSignature:
        return HttpResponse("This link is not ours.", status=404)
    if request.method != "POST":
        return HttpResponse("<form method=post><button name=verdict value=approved>")
    if not may_approve(asked["by"]):
        return HttpResponse("You may not decide this.", status=403)
    with transaction.atomic():
        durable.send(
            durable.Event(
                name="purchase/decided",
                id=f"{asked['request']}/{asked['by']}",
                data={**asked, "verdict": request.POST["verdict"]},
            )
        )
    return HttpResponse("Thank you.")
