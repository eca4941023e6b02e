"""A German admin: everything that is shown is translated, and the catalogue knows all that is marked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import translation

import durable
from durable.authoring.registry import Registry
from durable.errors import RunStateError
from durable.models import FunctionConfig, RunStatus, StepStatus, Wait
from durable.operations.audit import Actor, write_down
from durable.store import get_store
from tests.integration import rows

PACKAGE = Path(durable.__file__).parent
CATALOGUE = PACKAGE / "locale" / "de" / "LC_MESSAGES"
_MARKED = ("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext")
_IN_TEMPLATES = re.compile(r"""{% translate (?:"([^"]+)"|'([^']+)')""")
_ENGLISH = re.compile(
    r"(?<![.\w])(the|of|and|is|with|not|to|for|from|it|this|that|by|has|have|been|are|its|which|none"
    r"|runs?|steps?|events?|started|ended|waiting|queued|failed|completed|cancelled|ago|left)(?![.\w])"
)


@cache
def german() -> GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as file:
        return GNUTranslations(file)


def marked() -> Iterator[str]:
    """Yield every sentence of the sources that is marked for translation."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text)), *_]):
                    yield from [text] * (name in _MARKED)
    for path in PACKAGE.rglob("*.html"):
        for one, other in _IN_TEMPLATES.findall(path.read_text()):
            yield one or other


def test_all_that_is_marked_is_translated() -> None:
    known = {one if isinstance(one, str) else one[0] for one in german()._catalog}  # type: ignore[attr-defined]
    missing = sorted(set(marked()) - known)
    assert missing == [], "run `python -m scripts.messages`, and translate them"


def test_no_sentence_is_left_out_and_what_was_compiled_is_what_was_written() -> None:
    text = (CATALOGUE / "django.po").read_text()
    assert not re.search(r'^msgstr(\[\d\])? ""\n(?!")', text, re.MULTILINE)
    assert "#, fuzzy" not in text
    written = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', text, re.MULTILINE)
    assert len(written) > 400
    for english, its_german in written:
        plain = english.replace('\\"', '"')
        assert german().gettext(plain) == its_german.replace('\\"', '"')


class _Texts(HTMLParser):
    """Gathers what a person reads, without code, data, and what is for programs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "code", "pre", "textarea"):
            self._skipped += 1
        given = dict(attrs)
        self.found += [
            str(given[name]) for name in ("title", "aria-label", "placeholder") if given.get(name)
        ]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "code", "pre", "textarea"):
            self._skipped -= 1

    def handle_data(self, data: str) -> None:
        if not self._skipped and data.strip():
            self.found.append(" ".join(data.split()))


@pytest.fixture
def shop(fresh_registry: Registry) -> dict[str, str]:
    """Make one of each thing that is shown."""
    trigger = durable.TriggerEvent(event="laden/bezahlt", expression="event.data.n > 1")
    durable.create_function(fn_id="laden", trigger=trigger)(lambda ctx: None)
    durable.create_function(fn_id="ruhe", trigger=trigger)(lambda ctx: None)
    FunctionConfig.objects.create(
        function="ruhe", paused=rows.ago(5), changed=rows.ago(5), changed_by="ada"
    )
    event = rows.event("laden/bezahlt")
    failed = rows.run(RunStatus.FAILED, "laden", event=event)
    rows.failed_try(failed, rows.step(failed, "a", StepStatus.FAILED))
    waiting = rows.run(RunStatus.WAITING, "laden", pending=3)
    for op in ("sleep", "invoke", "wait"):
        step = rows.step(
            waiting, op[0], StepStatus.PENDING, op=op, due_at=rows.ago(-90), started=rows.ago(9)
        )
    Wait.objects.create(run=waiting, step=step, event="laden/x", created=rows.ago(9))
    retrying = rows.run(RunStatus.QUEUED, "laden", due_at=rows.ago(-60), attempt=1)
    rows.failed_try(retrying, rows.step(retrying, "r", StepStatus.RETRYING, attempt=1))
    rows.run(RunStatus.QUEUED, "ruhe", due_at=rows.ago(600))
    rows.run(RunStatus.QUEUED, "ruhe", due_at=None, reason="The function is paused.")
    rows.run(RunStatus.CANCELLED, "laden", reason="It was cancelled by hand.")
    running = rows.run(RunStatus.RUNNING, "laden", crashes=2, due_at=rows.ago(100))
    rows.worker()
    rows.worker(is_supervised=False, seen=rows.ago(700), version="2")
    for kind, target in (("run", failed.pk), ("function", "ruhe")):
        write_down(get_store(), Actor(who="ada", via="admin"), "retry", kind, target)
    return {"failed": str(failed.pk), "waiting": str(waiting.pk), "running": str(running.pk)} | {
        "event": str(event.pk),
        "step": str(step.pk),
    }


PAGES = [
    "run/",
    "run/?status__exact=failed",
    "run/{failed}/change/",
    "run/{waiting}/change/",
    "run/{running}/change/",
    "step/",
    "step/{step}/change/",
    "attempt/",
    "functionconfig/",
    "functionconfig/laden/change/",
    "functionconfig/ruhe/change/",
    "functionconfig/laden/run/",
    "event/",
    "event/{event}/change/",
    "event/send/",
    "worker/",
    "runtally/",
    "key/add/",
    "schedule/",
]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_english_of_ours(
    admin_client: Client, shop: dict[str, str], page: str
) -> None:
    with translation.override("de"):
        response = admin_client.get("/admin/durable/" + page.format(**shop))
    assert response.status_code == 200
    assert english(response.content.decode()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["cancel", "retry", "replay", "skip", "deliver", "erase"])
@pytest.mark.parametrize("is_all", ["0", "1"])
def test_no_question_before_many_shows_english_of_ours(
    admin_client: Client, shop: dict[str, str], verb: str, is_all: str
) -> None:
    form = {"action": f"{verb}_runs", "_selected_action": shop["failed"], "select_across": is_all}
    with translation.override("de"):
        response = admin_client.post("/admin/durable/run/?function=laden", form)
    assert not list(get_messages(response.wsgi_request))
    assert english(response.content.decode()) == []


def english(page: str) -> list[str]:
    """Return what is English of what a page says."""
    main = page[page.index('id="content"') :]
    reader = _Texts()
    reader.feed("<div " + main)
    known = german()
    return [
        text
        for text in reader.found
        if _ENGLISH.search(text) or (known.gettext(text) != text and known.gettext(text))
    ]


REFUSED = {  # verb, and what it is done to in vain
    "retry": "waiting",
    "skip": "failed",
    "deliver": "failed",
    "erase": "waiting",
    "cancel": "failed",
}


@pytest.mark.django_db
@pytest.mark.parametrize("verb", REFUSED)
def test_no_refusal_is_english(admin_client: Client, shop: dict[str, str], verb: str) -> None:
    path = f"/admin/durable/run/{shop[REFUSED[verb]]}/act/{verb}/"
    with translation.override("de"):
        response = admin_client.post(path, {"durable_data": "{}"})
        (said,) = map(str, get_messages(response.wsgi_request))
    assert "Lauf " in said
    assert not _ENGLISH.search(said)


@pytest.mark.django_db
def test_a_program_reads_refusals_in_english(shop: dict[str, str]) -> None:
    with translation.override("de"), pytest.raises(RunStateError, match="is waiting: only runs"):
        durable.retry(shop["waiting"])
