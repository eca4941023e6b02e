"""`manage.py durable_show RUN`: one run, with a line and a bar for each step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from shutil import get_terminal_size
from typing import Any

from django.core.management.base import CommandParser
from django.db.models.functions import Substr

from durable import clock
from durable.engine.words import span, took
from durable.management import timeline
from durable.management.command import DatabaseCommand
from durable.management.export import everything
from durable.management.find import find_run
from durable.management.words import coloured, line, lines, moment, signs_for, write
from durable.models import Attempt, Blob, Run, Step
from durable.operations.explain import explain
from durable.operations.outlook import Outlook
from durable.operations.related_runs import kin_of
from durable.store import get_store

_GLANCE = 200  # characters of a result that are read for its line


class Command(DatabaseCommand):
    """With `--verbosity 0` without the steps, with 2 the whole result."""

    help = "Show one run: what it is, and when each of its steps ran."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("run", help="its id, or enough of the beginning or the end of it")
        parser.add_argument(
            "--format", choices=("text", "json"), default="text", help="json prints everything"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the run."""
        run = find_run(options["run"])
        outlook = explain(get_store().alias, [run])[run.pk]
        self.width = get_terminal_size((100, 24)).columns
        if options["format"] == "json":
            write(self.stdout, [json.dumps(_everything(run, outlook), indent=2)])
        else:
            write(self.stdout, self._text(run, outlook, options["verbosity"]))

    def _text(self, run: Run, outlook: Outlook, verbosity: int) -> Iterator[str]:
        yield from self._head(run, outlook, verbosity)
        if verbosity and outlook.total:
            yield ""
            yield from self._timeline(run)
        if verbosity and run.failure:
            yield ""
            yield from lines(run.failure["stack"] or timeline.brief(run.failure))

    def _head(self, run: Run, outlook: Outlook, verbosity: int) -> Iterator[str]:
        signs = signs_for(self.stdout)
        status = coloured(self.style, run.status, f"{signs.of(run.status)} {run.status}")
        yield f"{line(run.title, 200)}  {status}  {run.pk}"
        for name, value in [*_facts(run, outlook), *_kin(run)]:
            yield f"  {name:<8} {line(value, max(self.width - 11, 20), signs.more)}"
        text = _output(run)
        if text is not None:
            long = max(self.width - 11, 20) if verbosity < 2 else len(text) * 10
            yield f"  {'result':<8} {line(text, long, signs.more)}"

    def _timeline(self, run: Run) -> Iterator[str]:
        alias = get_store().alias
        steps = Step.objects.using(alias).filter(run=run).order_by("pk").defer("output")
        attempts = Attempt.objects.using(alias).filter(run=run).order_by("pk")
        glances = dict(steps.values_list("key", Substr("output", 1, _GLANCE)))
        return timeline.Timeline(
            run=run,
            rows=timeline.rows(steps, attempts, {key: text or "" for key, text in glances.items()}),
            now=clock.now(),
            width=self.width,
            signs=signs_for(self.stdout),
            style=self.style,
        ).draw()


def _facts(run: Run, outlook: Outlook) -> Iterator[tuple[str, str]]:
    if run.event is not None:
        yield "event", f"{run.event.name}  {run.event_id}"
        yield "data", run.event.data
    yield "created", moment(run.created)
    if run.started:
        yield "started", f"{moment(run.started)}, {span(run.started - run.created)} later"
    if run.started and run.version:
        yield "version", run.version
    if run.ended:
        yield "ended", f"{moment(run.ended)}, took {took(run.started, run.ended, run.ended) or '-'}"
    yield "steps", f"{outlook.done} of {outlook.total}"
    if run.failure:
        yield "error", timeline.brief(run.failure)
    elif outlook.why:
        yield "why", outlook.why
    if run.owner:
        yield "worker", run.owner


def _kin(run: Run) -> Iterator[tuple[str, str]]:
    kin = kin_of(get_store().alias, run)
    if kin.parent is not None:
        yield "parent", f"{kin.parent.function}  {kin.parent.status}  {kin.parent.pk}"
    for child in kin.children:
        yield "child", f"{child.title}  {child.status}  {child.pk}"
    if kin.more:
        yield "", f"and {kin.more:,} more"


def _output(run: Run) -> str | None:
    if not run.large:
        return run.output
    bodies = Blob.objects.using(get_store().alias).filter(run=run, key="")
    return bodies.values_list("body", flat=True).first()


def _everything(run: Run, outlook: Outlook) -> dict[str, Any]:
    alias = get_store().alias
    steps = Step.objects.using(alias).filter(run=run).order_by("pk")
    attempts = Attempt.objects.using(alias).filter(run=run).order_by("pk")
    blobs = Blob.objects.using(alias).filter(run=run)
    found = everything(run, outlook, list(steps), list(attempts), list(blobs))
    kin = Run.objects.using(alias).filter(parent=run).order_by("pk").values_list("pk", flat=True)
    return found | {"children": [str(pk) for pk in kin]}
