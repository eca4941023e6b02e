"""The official clients of Inngest, for Python and TypeScript, send to this site unmodified."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import inngest
import pytest
from pytest_django.live_server_helper import LiveServer

import durable
from durable.authoring.registry import Registry
from durable.models import Event, Run
from tests import backends

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]

PROGRAM = """
import { Inngest } from "inngest";
const [baseUrl, eventKey, events] = process.argv.slice(2);
const client = new Inngest({ id: "shop", baseUrl, eventKey, isDev: false });
const answers = [];
for (const one of JSON.parse(events)) {
  try { answers.push((await client.send(one)).ids); }
  catch (error) { answers.push(String(error.message)); }
}
console.log(JSON.stringify(answers));
"""
PAID = {"name": "shop/paid", "data": {"order": 7}}
SENT = [
    PAID,
    [PAID, {"name": "shop/sent", "data": {}}],
    {**PAID, "id": "order-7"},
    {**PAID, "id": "order-7"},
    [PAID, {"name": "", "data": {}}, PAID],
    {"name": "inngest/x", "data": {}},
]


@pytest.fixture
def site(live_server: LiveServer, fresh_registry: Registry) -> LiveServer:
    """A live site with a function on shop/paid."""
    trigger = durable.TriggerEvent(event="shop/paid")
    durable.create_function(fn_id="listener", trigger=trigger)(lambda ctx: None)
    return live_server


def check(answers: list[Any]) -> None:
    """See that answers to `SENT`, and what is stored, are as Inngest's own server has them."""
    one, two, first, again, *_ = answers
    assert [len(ids) for ids in answers[:4]] == [1, 2, 1, 1]
    assert first == again
    names = {str(event.pk): event.name for event in Event.objects.all()}
    assert [names[pk] for pk in one + two] == ["shop/paid", "shop/paid", "shop/sent"]
    assert "event name is empty" in answers[4]
    assert "event name is reserved" in answers[5]
    assert sorted(names.values()) == ["shop/paid"] * 4 + ["shop/sent"]
    assert Run.objects.count() == 4


@pytest.fixture
def client(site: LiveServer, key: Callable[..., str]) -> Iterator[inngest.Inngest]:
    made = inngest.Inngest(
        app_id="shop", event_api_base_url=site.url, event_key=key(), is_production=True
    )
    yield made
    made._http_client._http_client_sync.close()


def python(client: inngest.Inngest, sent: Any) -> Any:
    batch = sent if isinstance(sent, list) else [sent]
    try:
        return client.send_sync([inngest.Event(**event) for event in batch])
    except Exception as error:  # noqa: BLE001  it has no public name
        return str(error)


def test_the_client_for_python_sends(client: inngest.Inngest) -> None:
    check([python(client, one) for one in SENT])


def test_the_client_for_python_sends_from_async_code(client: inngest.Inngest) -> None:
    async def send(sent: Any) -> Any:
        batch = sent if isinstance(sent, list) else [sent]
        try:
            return await client.send([inngest.Event(**event) for event in batch])
        except Exception as error:  # noqa: BLE001  it has no public name
            return str(error)

    async def send_all() -> list[Any]:
        answers = [await send(one) for one in SENT]
        await client._http_client._http_client.aclose()
        return answers

    check(asyncio.run(send_all()))


def test_the_client_for_python_is_told_that_its_key_is_not_good(
    site: LiveServer, client: inngest.Inngest
) -> None:
    client._event_key = "wrong"
    assert "Event key not found" in python(client, PAID)


@pytest.fixture(scope="session")
def npm() -> Path:
    """A folder with the client for TypeScript in it, and the 300 packages that it needs."""
    if not os.environ.get("DURABLE_TEST_FULL"):
        pytest.skip("a quarter of a gigabyte is installed for it with DURABLE_TEST_FULL=1 only")
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node or npm is not installed")
    folder = backends.scratch() / "npm"
    folder.mkdir(exist_ok=True)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    command = ["timeout", "150", *install, "inngest@4"]
    if subprocess.run(command, cwd=folder, capture_output=True).returncode:
        pytest.skip("the registry of npm does not answer")
    (folder / "send.mjs").write_text(PROGRAM)
    return folder


@pytest.mark.timeout(180)
@pytest.mark.parametrize("prefix", ["", "/durable/"])
def test_the_client_for_typescript_sends(
    site: LiveServer, key: Callable[..., str], npm: Path, prefix: str
) -> None:
    command = ["node", "send.mjs", f"{site.url}{prefix}", key(), json.dumps(SENT)]
    done = subprocess.run(command, cwd=npm, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    check(json.loads(done.stdout.splitlines()[-1]))
