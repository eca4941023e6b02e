"""Whatever is sent to any address, the answer is one that the description of the API allows.

`make fuzz` sends 2,000 requests to each address, with a key and without one; the tests send few.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks, openapi
from schemathesis.core.parameters import ParameterLocation

import durable
from durable.authoring.registry import Registry
from durable.models import Event, Run
from durable.rest import representation
from durable.rest.description import SETTINGS, URLCONF
from durable.rest.openapi import generated
from tests.harness import Player
from tests.rest.test_runs import order, rested, waiting

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("DURABLE_TEST_FUZZ", "8"))
# A body may be as the description says and mean nothing here: a step that the run does not have, a text
# that no database stores. And a key that was revoked is not there for the next request, as it should be.
LEFT_OUT = [checks.positive_data_acceptance, checks.use_after_free, checks.ignored_auth]
SECRETS = ["a secret of these tests"]


@cache
def operations() -> Mapping[str, Any]:
    """Return all that the description tells of, by method and address."""
    root = {"SERVERS": [{"url": "/durable"}]}
    schema = openapi.from_dict(generated(URLCONF, {**SETTINGS, **root}))
    schema.app = get_wsgi_application()
    found: list[Any] = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]  # none is wrong
    return {operation.label: operation for operation in found}


def labels() -> list[str]:
    """Return the names of all operations."""
    return sorted(operations())


@pytest.fixture(autouse=True)
def one_transaction() -> Iterator[None]:
    """The end of a request does not close the connection of the test."""
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture
def known(fresh_registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Parts of addresses that lead somewhere, and a site that waits for nothing."""
    monkeypatch.setattr(representation, "pauses", lambda *args: iter(()))
    player = Player()
    runs = [rested(player, order, order=7), rested(player, order, fails=True)]
    runs += [rested(player, waiting), rested(player, waiting)]
    durable.cancel(runs[-1].pk)
    ids = [str(run.pk) for run in Run.objects.all()]
    sources = {"github": {"SCHEME": "github", "SECRETS": SECRETS}}
    with override_settings(ALLOWED_HOSTS=["localhost"], DURABLE={"WEBHOOKS": sources}):
        yield {
            "runs": ids,
            "events": [str(pk) for pk in Event.objects.values_list("pk", flat=True)],
            "functions": ["case", "waiting"],
            "hooks": ["github"],
        }


def requests(operation: Any, known: Mapping[str, list[str]]) -> Any:
    """Make requests as the description wants them, and others; some to what is really there."""
    good, bad = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    kind = next((name for name in known if f"/{name}/{{" in operation.path), None)
    if kind is None or not known[kind]:
        return good | bad
    places = st.sampled_from(known[kind]) | st.none()
    return st.tuples(good | bad, places).map(lambda pair: _aimed(*pair))


def _aimed(case: Any, place: str | None) -> Any:
    if place is not None:
        case.path_parameters = dict.fromkeys(case.path_parameters or {}, place)
    return case


def attack(operation: Any, known: Any, headers: dict[str, str], judge: Callable[..., None]) -> None:
    """Send requests to one address, and judge each answer."""

    @effort(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 100,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(operation, known))
    def send(case: Any) -> None:
        judge(case, case.call(headers=headers), headers)

    send()


def is_as_described(case: Any, answer: Any, headers: dict[str, str]) -> None:
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    left_out = LEFT_OUT if _is_wrong(case, answer) else [*LEFT_OUT, checks.negative_data_rejection]
    case.validate_response(answer, excluded_checks=left_out, headers=headers)


def _is_wrong(case: Any, answer: Any) -> bool:
    """Say whether a request is one that must be refused: its path and its key were put right above."""
    # A list of one in an address is spelled as the one is, and as good.
    if any(isinstance(one, list) and len(one) < 2 for one in (case.query or {}).values()):
        return False
    places = (ParameterLocation.BODY, ParameterLocation.QUERY)
    parts = [case.meta.components[place] for place in places if place in case.meta.components]
    is_negative = any(part.mode is GenerationMode.NEGATIVE for part in parts)
    return is_negative and answer.status_code != 413  # which is a refusal too


def is_refused(case: Any, answer: Any, headers: dict[str, str]) -> None:
    assert answer.status_code in (401, 413), (case.as_curl_command(), answer.status_code)
    assert answer.json().get("code", "unauthenticated") in ("unauthenticated", "too_large")


@pytest.mark.timeout(3600 if EXAMPLES > 100 else 60)
@pytest.mark.parametrize("label", labels())
def test_with_a_key_each_answer_is_as_described(
    label: str, known: Any, key: Callable[..., str]
) -> None:
    known |= {"keys": [key().partition(".")[0]], "e": [key()]}
    headers = {"Authorization": f"Bearer {key()}"}
    attack(operations()[label], known, headers, is_as_described)


@pytest.mark.timeout(3600 if EXAMPLES > 100 else 60)
@pytest.mark.parametrize("label", [label for label in labels() if "/hooks/" not in label])
def test_without_a_key_each_request_is_refused(
    label: str, known: Any, key: Callable[..., str]
) -> None:
    known["keys"] = [key().partition(".")[0]]
    attack(operations()[label], known, {}, is_refused)
