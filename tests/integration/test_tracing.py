from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import durable
from durable.engine import tracing
from durable.models import Event, Run
from tests.harness import Player, asay, give, say, stumble

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_registry", "clock")]

SECRET = "4111-1111-1111-1111"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> TracerProvider:
    """OpenTelemetry, set up for this test alone."""
    made = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(tracing, "_tracer", lambda: made.get_tracer("durable"))
    return made


@pytest.fixture
def spans(provider: TracerProvider) -> Iterator[Any]:
    """The spans that have ended, in order."""
    kept = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    yield kept.get_finished_spans
    provider.shutdown()


def named(spans: Any, name: str) -> list[ReadableSpan]:
    return [span for span in spans() if span.name == name]


def within(span: Any) -> Any:
    """Return the context of a span, which has one."""
    return span.get_span_context()


def text(span: ReadableSpan) -> str:
    context = within(span)
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def test_steps_are_spans_within_that_of_their_run(spans: Any) -> None:
    run = Player().play(lambda ctx: ctx.step.run("charge", say, "charged"))
    (step,), (stint,) = named(spans, "step charge"), named(spans, "run case")
    assert step.parent is not None
    assert step.parent.span_id == within(stint).span_id
    assert dict(step.attributes or {}) == {"durable.step": "charge", "durable.attempt": 0}
    assert dict(stint.attributes or {}) == {
        "durable.run_id": str(run.pk),
        "durable.function": "case",
        "durable.status": "completed",
    }


def test_async_bodies_are_spans_too(spans: Any) -> None:
    async def handler(ctx: durable.Context) -> str:
        return await ctx.step.run("mail", asay, "mailed")

    Player().play(handler)
    assert len(named(spans, "step mail")) == 1


def test_planned_steps_are_spans_of_who_helps(spans: Any) -> None:
    def handler(ctx: durable.ContextSync) -> Any:
        return ctx.group.parallel(
            (lambda: ctx.step.run("a", say, "a"), lambda: ctx.step.run("b", say, "b")),
            parallel_mode=durable.ParallelMode.RACE,
        )

    Player().play(handler)
    ids = {within(span).span_id for span in named(spans, "steps case")}
    parents: list[Any] = [span.parent for name in "ab" for span in named(spans, f"step {name}")]
    assert len(parents) == 2
    assert {parent.span_id for parent in parents} <= ids


def test_run_belongs_to_the_trace_of_who_sent_its_event(
    provider: TracerProvider, spans: Any
) -> None:
    player = Player()
    player.define(lambda ctx: None)
    with provider.get_tracer("site").start_as_current_span("POST /pay"):
        run = player.send()
    player.settle(run)
    (sender,), (stint,) = named(spans, "POST /pay"), named(spans, "run case")
    assert Event.objects.get().trace == text(sender)
    assert stint.parent is not None
    assert stint.parent.span_id == within(sender).span_id


def test_stint_after_a_wait_links_to_the_one_before(spans: Any) -> None:
    Player().play(lambda ctx: ctx.step.sleep("a while", "1h"))
    first, second = named(spans, "run case")
    (link,) = second.links
    assert link.context.span_id == within(first).span_id
    assert first.links == ()
    assert within(second).trace_id == within(first).trace_id
    assert Run.objects.get().trace == text(second)


def test_what_a_step_sends_belongs_to_its_trace(spans: Any) -> None:
    def handler(ctx: durable.ContextSync) -> None:
        ctx.step.send_event("tell", durable.Event(name="order/told"))

    Player().play(handler)
    (stint,) = named(spans, "run case")
    (told,) = Event.objects.filter(name="order/told")
    assert told.trace.split("-")[1] == f"{within(stint).trace_id:032x}"


def test_spans_name_the_class_of_an_error_and_no_payload(spans: Any) -> None:
    def handler(ctx: durable.ContextSync) -> str:
        ctx.step.run("remember", give, "mark", SECRET)
        return ctx.step.run(SECRET[:4], stumble, SECRET, 9)

    Player().play(handler, {"card": SECRET}, retries=1)
    failed = named(spans, f"step {SECRET[:4]}")
    assert [span.status.description for span in failed] == ["ValueError", "ValueError"]
    assert [(span.attributes or {})["durable.attempt"] for span in failed] == [0, 1]
    assert named(spans, "run case")[-1].status.description == "ValueError"
    assert not any(SECRET in span.to_json() for span in spans())


def test_nothing_is_traced_or_stored_until_somebody_sets_it_up() -> None:
    run = Player().play(lambda ctx: ctx.step.run("charge", say, "charged"))
    assert (run.trace, Event.objects.get().trace) == ("", "")


@pytest.mark.parametrize("stored", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_what_is_no_trace_is_left_out(spans: Any, stored: str) -> None:
    player = Player()
    player.define(lambda ctx: None)
    run = player.send()
    Event.objects.update(trace=stored)
    player.settle(run)
    (stint,) = named(spans, "run case")
    assert stint.parent is None


SITE = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("opentelemetry", "prometheus_client"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from django.conf import settings
settings.configure(USE_TZ=True, INSTALLED_APPS=["django_q", "durable"], Q_CLUSTER={"orm": "default"},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
import durable
from durable import tasks
from durable.models import Run
durable.create_function(fn_id="f", trigger=durable.TriggerEvent(event="a/b"))(
    lambda ctx: ctx.step.run("one", str, "1"))
durable.send(durable.Event(name="a/b"))
tasks.drain()
print(Run.objects.get().status)
"""


def test_without_the_extras_everything_works_and_nothing_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", SITE], capture_output=True, text=True)
    assert done.stdout.strip() == "completed", done.stderr
