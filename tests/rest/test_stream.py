"""Who watches a run is told of each change once, also after the line broke."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.asgi import get_asgi_application
from django.db import connections
from django.test import AsyncClient, Client, override_settings
from freezegun import freeze_time

import durable
from durable import clock
from durable.access.keys import revoke
from durable.authoring.registry import Registry
from durable.models import Key, Run
from durable.operations.audit import Actor
from durable.rest import stream
from durable.store import get_store
from tests.harness import Player, say

pytestmark = pytest.mark.django_db(transaction=True)

Api = Callable[..., Client]
Told = tuple[str, str, Any]  # event, id, data


def order(ctx: durable.ContextSync) -> str:
    ctx.step.run("reserve", say, "reserved")
    ctx.step.sleep("nap", "1h")
    return ctx.step.run("charge", say, "charged")


@pytest.fixture
def player(fresh_registry: Registry, clock: object) -> Player:
    return Player()


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Looks happen in a thread that closes its connection before the database goes."""
    with ThreadPoolExecutor(max_workers=1) as looks:
        monkeypatch.setattr(stream, "looks", looks)
        yield
        looks.submit(connections.close_all).result()


@pytest.fixture
def resting(player: Player) -> Run:
    """A run with one step behind it, asleep."""
    player.define(order)
    run = player.send()
    player.work()
    return run


def told(text: str) -> list[Told]:
    pattern = re.compile(r"event: (.*)\nid: (.*)\ndata: (.*)\n\n")
    return [(event, mark, json.loads(data)) for event, mark, data in pattern.findall(text)]


def names(message: Told) -> list[str]:
    return [f"{step['name']} {step['status']}" for step in message[2]["steps"]]


def watched(path: str, key: str = "", **headers: str) -> tuple[Any, list[Told]]:
    """Watch until the stream closes."""
    if key:
        headers["Authorization"] = f"Bearer {key}"

    async def read() -> tuple[Any, str]:
        answer: Any = await AsyncClient().get(path, headers=headers)
        parts = [part async for part in answer] if answer.streaming else []
        await sync_to_async(connections.close_all)()  # of the thread that the request was given
        return answer, b"".join(parts).decode()

    answer, text = asyncio.run(read())
    return answer, told(text)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream lives for one look."""
    monkeypatch.setattr(stream, "LIFE", 0.0)


def path_of(run: Run) -> str:
    return f"/durable/runs/{run.pk}/stream/"


def test_the_first_message_is_how_the_run_stands(
    key: Callable[..., str], resting: Run, short: None
) -> None:
    answer, (first,) = watched(path_of(resting), key("runs.read"))
    assert answer["Content-Type"] == "text/event-stream"
    assert (answer["Cache-Control"], answer["X-Accel-Buffering"]) == ("no-store", "no")
    assert first[0] == "progress"
    assert first[2]["schema_version"] == 1
    assert first[2]["run"]["status"] == "waiting"
    assert names(first) == ["reserve done", "nap pending"]


def test_what_was_told_is_not_told_again(
    key: Callable[..., str], player: Player, resting: Run, short: None
) -> None:
    secret = key()
    _, (first,) = watched(path_of(resting), secret)
    player.settle(resting)
    again = {"Last-Event-ID": first[1]}
    _, (last,) = watched(path_of(resting), secret, **again)
    assert last[0] == "end"
    assert names(last) == ["nap done", "charge done"]
    assert last[2]["run"]["status"] == "completed"
    over, nothing = watched(path_of(resting), secret, **{"Last-Event-ID": last[1]})
    assert (over.status_code, nothing) == (204, [])


def test_a_run_that_ended_is_told_in_one_message(
    key: Callable[..., str], player: Player, resting: Run
) -> None:
    player.settle(resting)
    _, (only,) = watched(path_of(resting), key())
    assert only[0] == "end"
    assert names(only) == ["reserve done", "nap done", "charge done"]


def test_after_a_retry_the_stream_goes_on(
    key: Callable[..., str], player: Player, resting: Run, short: None
) -> None:
    secret = key()
    durable.cancel(resting.pk)
    _, (end,) = watched(path_of(resting), secret)
    assert end[0] == "end"
    durable.retry(resting.pk)
    _, (first,) = watched(path_of(resting), secret, **{"Last-Event-ID": end[1]})
    assert (first[0], first[2]["run"]["status"]) == ("progress", "queued")


def test_the_line_is_kept_open(
    key: Callable[..., str], resting: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.0)
    monkeypatch.setattr(stream, "LIFE", 0.15)
    headers = {"Authorization": f"Bearer {key()}"}

    async def read() -> str:
        answer: Any = await AsyncClient().get(path_of(resting), headers=headers)
        parts = [part async for part in answer]
        await sync_to_async(connections.close_all)()
        return b"".join(parts).decode()

    text = asyncio.run(read())
    assert text.startswith("retry: 1000\n\n")
    assert "\n\n: still here\n\n" in text


def test_a_stream_holds_no_connection(key: Callable[..., str], resting: Run, short: None) -> None:
    headers = {"Authorization": f"Bearer {key()}"}

    async def read() -> bool:
        answer: Any = await AsyncClient().get(path_of(resting), headers=headers)
        is_held = await sync_to_async(lambda: connections["default"].connection is not None)()
        assert [part async for part in answer]
        await sync_to_async(connections.close_all)()
        return is_held

    assert not asyncio.run(read())


def close(how: str) -> None:
    """Let somebody in no more."""
    if how == "revoked":
        revoke(get_store(), Actor(who="a test", via="command"), Key.objects.get())
    elif how == "expired":
        Key.objects.update(expires=clock.now() - timedelta(hours=1))
    elif how == "inactive":
        User.objects.update(is_active=False)
    elif how == "may not":
        User.objects.get().user_permissions.clear()
    else:
        User.objects.update(username=how)


def whose(user: User) -> str | None:
    return {"ada": None, "acme": "acme"}.get(user.username, "")


@pytest.mark.parametrize(
    "how", ["revoked", "expired", "inactive", "may not", "acme", "of nobody known"]
)
def test_who_is_let_in_no_more_is_told_no_more(
    key: Callable[..., str], resting: Run, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.0)
    client, headers = AsyncClient(), dict[str, str]()
    if how in ("revoked", "expired"):
        headers["Authorization"] = f"Bearer {key()}"
    else:
        user = User.objects.create_user("ada")
        user.user_permissions.add(Permission.objects.get(codename="view_run"))
        client.force_login(user)

    async def read() -> list[bytes]:
        answer: Any = await client.get(path_of(resting), headers=headers)
        parts = aiter(answer)
        told = [await anext(parts) for _ in range(3)]
        await sync_to_async(close)(how)
        told += [part async for part in parts]
        await sync_to_async(connections.close_all)()
        return told

    with override_settings(DURABLE={"TENANT_OF": f"{__name__}.whose"}):
        assert asyncio.run(read())[2] == b": still here\n\n"


def test_nobody_else_may_watch(key: Callable[..., str], resting: Run) -> None:
    assert watched(path_of(resting))[0].status_code == 401
    assert watched(path_of(resting), key("events.send"))[0].status_code == 403
    answer, _ = watched(path_of(resting), key(tenant="rival"), Accept="text/event-stream")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert watched("/durable/runs/nonsense/stream/", key())[0].status_code == 404


def ticket(api: Api, run: Run, operations: str = "*") -> str:
    answer = api(operations).post(f"/durable/runs/{run.pk}/ticket/").json()
    assert answer["expires_in"] == 600
    return str(answer["ticket"])


def test_a_ticket_lets_a_browser_watch(api: Api, resting: Run, short: None) -> None:
    word = ticket(api, resting)
    assert watched(f"{path_of(resting)}?ticket={word}")[0].status_code == 200


def test_a_ticket_is_good_for_one_run(api: Api, player: Player, resting: Run) -> None:
    word, other = ticket(api, resting), player.send()
    assert watched(f"{path_of(other)}?ticket={word}")[0].status_code == 401
    assert watched(f"{path_of(resting)}?ticket={word}x")[0].status_code == 401
    assert watched(f"{path_of(resting)}?ticket=")[0].status_code == 401


def test_a_ticket_is_good_for_ten_minutes(api: Api, resting: Run, short: None) -> None:
    word = ticket(api, resting)
    later = clock.now() + timedelta(minutes=11)
    with freeze_time(later, ignore=["asyncio"]):
        assert watched(f"{path_of(resting)}?ticket={word}")[0].status_code == 401


def test_a_ticket_ends_with_its_key(api: Api, resting: Run) -> None:
    word = ticket(api, resting)
    revoke(get_store(), Actor(who="a test", via="command"), Key.objects.get())
    assert watched(f"{path_of(resting)}?ticket={word}")[0].status_code == 401


def test_a_user_of_the_site_gets_a_ticket_too(resting: Run, short: None) -> None:
    user, client = User.objects.create_user("ada"), Client()
    user.user_permissions.add(Permission.objects.get(codename="view_run"))
    client.force_login(user)
    word = client.post(f"/durable/runs/{resting.pk}/ticket/").json()["ticket"]
    assert watched(f"{path_of(resting)}?ticket={word}")[0].status_code == 200
    user.user_permissions.clear()
    assert watched(f"{path_of(resting)}?ticket={word}")[0].status_code == 403


def test_neither_a_login_nor_a_transaction_is_forced_on_it(
    key: Callable[..., str], resting: Run, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)
    login = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, login]):
        assert watched(path_of(resting), key())[0].status_code == 200


def test_a_server_that_cannot_stream_says_where_to_poll(api: Api, resting: Run) -> None:
    answer = api().get(path_of(resting))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Link"] == f'</durable/runs/{resting.pk}/>; rel="monitor"'


@pytest.fixture
def server() -> Iterator[str]:
    """The site behind a real ASGI server."""
    config = uvicorn.Config(get_asgi_application(), port=0, log_level="error", lifespan="off")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    with override_settings(ALLOWED_HOSTS=["127.0.0.1"]):
        yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


def test_a_run_is_watched_over_http(
    server: str, key: Callable[..., str], player: Player, resting: Run
) -> None:
    headers = {"Authorization": f"Bearer {key()}"}
    request = urllib.request.Request(server + path_of(resting), headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        first = b"".join(answer.readline() for _ in range(6)).decode()
        (message,) = told(first.partition("\n\n")[2])
        assert names(message) == ["reserve done", "nap pending"]
        player.settle(resting)
        rest = told(answer.read().decode())
    assert [name for message in rest for name in names(message)][-1] == "charge done"
    assert rest[-1][0] == "end"
    end = urllib.request.Request(
        server + path_of(resting), headers={**headers, "Last-Event-ID": rest[-1][1]}
    )
    with urllib.request.urlopen(end, timeout=20) as over:
        assert over.status == 204
