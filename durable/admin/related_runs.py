"""Links from a run to who invoked it, and to whom it invoked."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin.sites import AdminSite
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from durable.admin import show
from durable.admin.run_rows import CHILDREN, children_of
from durable.models import Attempt, Run, Step
from durable.operations.related_runs import MOST, Kin
from durable.store import get_store


def of(run: Run) -> Kin:
    """Return the kin of a run, looked up once."""
    if "kin" not in run.__dict__:
        run.__dict__["kin"] = _kin_of(get_store().alias, run)
    kin: Kin = run.__dict__["kin"]
    return kin


def _kin_of(alias: str, run: Run) -> Kin:
    found = children_of(alias, run)
    is_all = len(found) < CHILDREN
    count = len(found) if is_all else Run.objects.using(alias).filter(parent=run).count()
    return Kin(run.parent, found[:MOST], max(count - MOST, 0))


def fetch(rows: Iterable[Step | Attempt]) -> None:
    """Put its run beside each row of a page; were they joined, MariaDB would begin at all runs there are."""
    rows = list(rows)
    runs = Run.objects.using(get_store().alias).only("function", "status")
    found = runs.in_bulk({row.run_id for row in rows})
    for row in rows:
        row.run = found[row.run_id]


def parent(site: AdminSite, run: Run) -> SafeString | str:
    """Link to the run that invoked this one."""
    found = of(run).parent
    return _link(site, found) if found else show.EMPTY


def children(site: AdminSite, run: Run) -> SafeString | str:
    """Link to the runs that this one invoked."""
    kin = of(run)
    links = format_html_join("", "{}<br>", ((_link(site, child),) for child in kin.children))
    more = _("and %(count)d more") % {"count": kin.more} if kin.more else ""
    return format_html("{}{}", links, more) if kin.children else show.EMPTY


def _link(site: AdminSite, run: Run) -> SafeString:
    return format_html(
        "{} {} {}", show.pill(run), show.link(site, run, run.title), show.code(run.pk)
    )
