"""The DURABLE setting: defaults, unknown names, wrong values, override."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from durable.conf import DEFAULTS, Conf, complaints, conf
from durable.errors import SettingInvalidError


@pytest.mark.parametrize("name", DEFAULTS)
def test_without_a_setting_the_defaults_hold(name: str) -> None:
    with override_settings(DURABLE={}):
        assert getattr(conf, name) == DEFAULTS[name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RETRIES", 3),
        ("MAX_STEPS", 1000),
        ("MAX_STEP_BYTES", 4 * 1024**2),
        ("MAX_RUN_BYTES", 32 * 1024**2),
        ("MAX_EVENT_BYTES", 3 * 1024**2),
        ("PARALLEL_MODE", "wait"),
        ("STRICT", False),
        ("LEASE", 30.0),
        ("HEARTBEAT", 10.0),
        ("MODULE", "workflows"),
    ],
)
def test_defaults_that_are_promised(name: str, value: object) -> None:
    assert DEFAULTS[name] == value


def test_the_defaults_are_sound() -> None:
    assert complaints(DEFAULTS) == []


def test_a_setting_wins_over_the_default_and_leaves_the_others() -> None:
    with override_settings(DURABLE={"RETRIES": 7}):
        assert (conf.RETRIES, conf.MAX_STEPS) == (7, 1000)


def test_override_settings_is_followed_and_put_back() -> None:
    with override_settings(DURABLE={"RETRIES": 7}):
        with override_settings(DURABLE={"RETRIES": 8}):
            assert conf.RETRIES == 8
        assert conf.RETRIES == 7


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="RETIRES"):
        _ = Conf().RETIRES


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"RETIRES": 3}, "DURABLE has an unknown entry 'RETIRES'. Did you mean 'RETRIES'?"),
        ({"retries": 3}, "DURABLE has an unknown entry 'retries'. Did you mean 'RETRIES'?"),
        ({"XYZZY": 3}, "DURABLE has an unknown entry 'XYZZY'."),
        ({5: 3}, "DURABLE has an unknown entry 5."),
        ({"RETRIES": "3"}, "DURABLE['RETRIES'] must be int, not '3'."),
        ({"RETRIES": 3.5}, "DURABLE['RETRIES'] must be int, not 3.5."),
        ({"RETRIES": True}, "DURABLE['RETRIES'] must be int, not True."),
        ({"MAX_STEPS": 10.5}, "DURABLE['MAX_STEPS'] must be int, not 10.5."),
        ({"MAX_STEPS": None}, "DURABLE['MAX_STEPS'] must be int, not None."),
        ({"LEASE": "30"}, "DURABLE['LEASE'] must be int or float, not '30'."),
        ({"STRICT": 1}, "DURABLE['STRICT'] must be bool, not 1."),
        ({"DATABASE": 1}, "DURABLE['DATABASE'] must be str or None, not 1."),
        ({"MODULE": None}, "DURABLE['MODULE'] must be str, not None."),
        ({"PARALLEL_MODE": "fast"}, "must be 'wait' or 'race', not 'fast'."),
        ({"BACKOFF": 15}, "DURABLE['BACKOFF'] must be list or tuple or str, not 15."),
        ({"BACKOFF": []}, "DURABLE['BACKOFF'] must list seconds >= 0, not []."),
        ({"BACKOFF": [15, -1]}, "DURABLE['BACKOFF'] must list seconds >= 0, not [15, -1]."),
        ({"BACKOFF": [15, "30"]}, "DURABLE['BACKOFF'] must list seconds >= 0"),
        ({"BACKOFF": [float("inf")]}, "DURABLE['BACKOFF'] must list seconds >= 0"),
        ({"RETRIES": -1}, "DURABLE['RETRIES'] must be at least 0 and finite, not -1."),
        ({"MAX_STEPS": 0}, "DURABLE['MAX_STEPS'] must be at least 1 and finite, not 0."),
        ({"LEASE": 0}, "DURABLE['LEASE'] must be at least 0.1 and finite, not 0."),
        ({"LEASE": float("inf")}, "DURABLE['LEASE'] must be at least 0.1 and finite, not inf."),
        ({"LEASE": float("nan")}, "DURABLE['LEASE'] must be at least 0.1 and finite, not nan."),
        ([], "DURABLE must be a dict, not list."),
        (None, "DURABLE must be a dict, not NoneType."),
    ],
)
def test_what_is_wrong_is_said_by_name(given: Any, complaint: str) -> None:
    (said,) = complaints(given)
    assert complaint in said


def test_every_wrong_entry_is_named() -> None:
    said = complaints({"RETRIES": "3", "STRICT": "yes", "LEASE": 20})
    assert [sentence.split("'")[1] for sentence in said] == ["RETRIES", "STRICT"]


def test_a_wrong_setting_raises_at_the_first_look() -> None:
    with (
        override_settings(DURABLE={"RETIRES": 3}),
        pytest.raises(SettingInvalidError, match="Did you mean 'RETRIES'"),
    ):
        _ = conf.LEASE


@pytest.mark.parametrize("given", [{"LINGER": 0}, {"JITTER": 0}, {"RETRIES": 0}, {"LEASE": 5}])
def test_what_may_be_nothing_may(given: dict[str, Any]) -> None:
    assert complaints(given) == []
