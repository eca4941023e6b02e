"""Conditions of those who wait: what becomes a key, what is left, and for whom both hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from durable.errors import ExpressionFailedError, ExpressionInvalidError
from durable.expressions.condition import Condition, holds
from durable.expressions.expression import parse
from durable.expressions.key import keys_of, match_key
from durable.expressions.quote import quote
from tests.unit.expressions.test_any_text import SCALARS, TEXTS, VALUES, parts

NAME = "shop/order.paid"


def event(**data: Any) -> dict[str, Any]:
    return {"name": NAME, "id": "evt-1", "ts": 1_700_000_000_000, "data": data}


STARTED = event(user_id=7, city="Lund", vip=True, rate=-1.5, items=["a"], none=None)


def condition(if_exp: str | None = None, **options: Any) -> Condition:
    return Condition.of(NAME, if_exp=if_exp, **{"event": STARTED, **options})


def meets(made: Condition, candidate: dict[str, Any]) -> bool:
    keys = keys_of(candidate, [made.path])
    return keys.get(made.path, "") == made.key and holds(made.rest, candidate)


def test_match_becomes_a_key_and_leaves_nothing() -> None:
    made = condition(match="data.user_id")
    assert made == Condition(path="data.user_id", key=match_key(NAME, "data.user_id", 7), rest="")


def test_an_equation_becomes_a_key() -> None:
    made = condition("async.data.user_id == event.data.user_id")
    assert made == condition(match="data.user_id")


def test_an_equation_may_stand_the_other_way_round() -> None:
    made = condition("event.data.user_id == async.data.user_id")
    assert made == condition(match="data.user_id")


def test_the_two_paths_of_an_equation_may_differ() -> None:
    made = condition("async.data.owner == event.data.user_id")
    assert (made.path, made.key) == ("data.owner", match_key(NAME, "data.owner", 7))


def test_an_equation_with_a_literal_becomes_a_key() -> None:
    made = condition("async.data.kind == 'x'")
    assert made == Condition(path="data.kind", key=match_key(NAME, "data.kind", "x"))


def test_a_value_of_the_event_is_a_better_key_than_a_literal() -> None:
    made = condition("async.data.kind == 'x' && async.data.user_id == event.data.user_id")
    assert (made.path, made.rest) == ("data.user_id", "async.data.kind == 'x'")


def test_a_bool_is_a_poor_key() -> None:
    made = condition("async.data.a == event.data.vip && async.data.b == event.data.city")
    assert (made.path, made.rest) == ("data.b", "async.data.a == true")


def test_of_several_equations_the_first_by_path_is_the_key() -> None:
    made = condition("async.data.z == event.data.city && async.data.b == event.data.user_id")
    assert (made.path, made.rest) == ("data.b", 'async.data.z == "Lund"')


def test_match_and_expression_must_both_hold() -> None:
    made = condition("async.data.n > 1 || async.data.n < 0", match="data.user_id")
    assert made.path == "data.user_id"
    assert made.rest == "(async.data.n > 1 || async.data.n < 0)"


@pytest.mark.parametrize(
    "if_exp",
    [
        "async.data.user_id == event.data.user_id || async.data.force",
        "!(async.data.user_id == event.data.user_id)",
        "async.data.user_id != event.data.user_id",
        "async.data.flag ? async.data.user_id == event.data.user_id : true",
        "(async.data.user_id == event.data.user_id && true) || false",
        "async.data.items == event.data.items",
        "async.data.none == event.data.none",
        "async.data.none == null",
        "async.data.gone == event.data.gone",
        "async.data.one == async.data.other",
        "async == event.data.city",
        "async.data.user_id in [event.data.user_id]",
        f"async.data.{'x' * 200} == event.data.user_id",
    ],
)
def test_what_is_no_required_equation_of_scalars_has_no_key(if_exp: str) -> None:
    made = condition(if_exp)
    assert (made.path, made.key) == ("", "")
    assert made.rest


def test_the_values_of_the_event_are_put_into_the_rest() -> None:
    made = condition("async.data.n - event.data.rate > size(event.data.items)")
    assert made.rest == 'async.data.n - (-1.5) > size(["a"])'


def test_what_the_event_has_is_put_into_the_rest() -> None:
    made = condition("has(event.data.none) != has(event.data.gone) && async.data.ok")
    assert made.rest == "true != false && async.data.ok"


def test_the_rest_knows_nothing_of_the_event() -> None:
    made = condition("async.data.a != event.data.gone || async.data.ok")
    assert holds(made.rest, event(ok=True))
    assert not holds(made.rest, event(a=1))


@pytest.mark.parametrize("nasty", ['" || true || "', "' || true", "\\", '\\" || true', "\n", "é😀"])
def test_no_value_can_break_out_of_its_quotes(nasty: str) -> None:
    made = condition(
        "async.data.s < event.data.s || async.data.s > event.data.s", event=event(s=nasty)
    )
    assert not meets(made, event(s=nasty))
    assert meets(made, event(s=nasty + "!"))


def test_a_missing_path_of_match_is_never_met() -> None:
    made = condition(match="data.gone")
    assert not meets(made, event())
    assert not meets(made, event(gone=None))


def test_null_matches_null() -> None:
    made = condition(match="data.none")
    assert made.key == ""
    assert meets(made, event(none=None))
    assert not meets(made, event())


def test_lists_are_compared() -> None:
    made = condition(match="data.items")
    assert made.key == ""
    assert meets(made, event(items=["a"]))
    assert not meets(made, event(items=["b"]))


def test_without_a_condition_every_event_meets_it() -> None:
    assert condition() == Condition()
    assert meets(Condition(), event())


@pytest.mark.parametrize("match", ["data['a b'].c[0]", 'data["a b"]["c"][0]'])
def test_a_path_has_one_spelling(match: str) -> None:
    made = condition(match=match, event=event(**{"a b": {"c": [1]}}))
    assert made.path == 'data["a b"].c[0]'
    assert meets(made, event(**{"a b": {"c": [1.0]}}))


@pytest.mark.parametrize("match", ["", "data.", "data user", "5", "data == 1", "data.x.size()"])
def test_match_that_is_no_path_is_refused(match: str) -> None:
    with pytest.raises(ExpressionInvalidError, match=r"^wait_for_event: match: "):
        condition(match=match)


def test_a_wrong_expression_is_refused() -> None:
    with pytest.raises(ExpressionInvalidError, match=r"^step 'w': if_exp: expected a value"):
        condition("async.data.x ==", what="step 'w'")


def test_values_that_make_the_rest_too_long_are_refused() -> None:
    with pytest.raises(
        ExpressionInvalidError, match="values of the starting event: expected at most"
    ):
        condition("async.data.x in event.data.ids", event=event(ids=["x" * 100] * 1_000))


def test_values_that_are_nested_too_deep_are_refused() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(ExpressionInvalidError, match="at most 34 parts within one another"):
        condition(match="data.deep", event=event(deep=deep))


def test_a_candidate_that_costs_too_much_is_an_error() -> None:
    made = condition("event.data.user_id in async.data.ids")
    with pytest.raises(ExpressionFailedError):
        holds(made.rest, event(ids=list(range(10, 200_000))))


def test_an_event_has_a_key_for_each_path_that_leads_to_a_scalar() -> None:
    paths = ["data.user_id", "data.items", "data.none", "data.gone", "id"]
    assert keys_of(STARTED, paths) == {
        "": "",
        "data.user_id": match_key(NAME, "data.user_id", 7),
        "id": match_key(NAME, "id", "evt-1"),
    }


def test_a_key_is_of_one_name_and_one_path() -> None:
    keys = {match_key(name, path, 1) for name in ("a", "b") for path in ("data.x", "data.y")}
    assert len(keys) == 4


def test_a_key_is_stable() -> None:
    assert match_key("a", "data.x", 1) == (
        "80eb4ac0d8a0138b074091bbca3a1822b15654f399ed9bf568a86de8fae47fe0"
    )


@given(
    SCALARS.filter(lambda v: v is not None) | TEXTS, SCALARS.filter(lambda v: v is not None) | TEXTS
)
@example(1, 1.0)
@example(True, 1)
@example(0, -0.0)
@example(2**53 + 1, float(2**53))
@example("1", 1)
def test_keys_are_equal_when_values_are(one: Any, other: Any) -> None:
    roots = {"event": event(x=one), "async": event(x=other)}
    are_equal = parse("event.data.x == async.data.x").holds(roots)
    assert (match_key(NAME, "data.x", one) == match_key(NAME, "data.x", other)) is are_equal


EQUATIONS = [
    "async.data.a == event.data.a",
    "event.data.b == async.data.a",
    "async.data.b == 1",
    "async.data.b != event.data.a",
    "(async.data.a == event.data.b || async.data.c == event.data.c)",
    "has(event.data.c)",
    "!has(async.data.c)",
    "event.data.a in [async.data.a, async.data.b]",
]
DATA = st.dictionaries(st.sampled_from("abc"), VALUES | st.sampled_from([1, 1.0, True, "x"]))


@given(st.lists(st.sampled_from(EQUATIONS), min_size=1, max_size=4), DATA, DATA)
def test_a_condition_says_what_its_expression_says(
    equations: list[str], started: dict[str, Any], came: dict[str, Any]
) -> None:
    text = " && ".join(equations)
    whole = parse(text).holds({"event": event(**started), "async": event(**came)})
    assert meets(condition(text, event=event(**started)), event(**came)) is whole


PATHS = [f"{root}.data.{key}" for root in ("event", "async") for key in ("a", "b", "c[0]", "gone")]
LEAVES = st.sampled_from([*PATHS, *map("has({})".format, PATHS)]) | SCALARS.map(quote)


@given(st.lists(st.recursive(LEAVES, parts, max_leaves=5), min_size=1, max_size=3), DATA, DATA)
@example(["-event.data.a == async.data.a"], {"a": 10**20}, {"a": -(10**20)})
@example(["-event.data.a == async.data.a"], {"a": -5}, {"a": 5})
def test_a_condition_of_any_kind_says_what_its_expression_says(
    conjuncts: list[str], started: dict[str, Any], came: dict[str, Any]
) -> None:
    text = " && ".join(conjuncts)
    whole = parse(text).holds({"event": event(**started), "async": event(**came)})
    assert meets(condition(text, event=event(**started)), event(**came)) is whole


@given(DATA, DATA)
def test_match_says_what_its_equation_says(started: dict[str, Any], came: dict[str, Any]) -> None:
    roots = {"event": event(**started), "async": event(**came)}
    whole = parse("async.data.a == event.data.a").holds(roots)
    assert meets(condition(match="data.a", event=event(**started)), event(**came)) is whole
