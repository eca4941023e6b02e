"""Values that are not of the type, and JSON that does not fit it any more: named, with the path."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, TypedDict
from uuid import UUID

import pytest

from durable.errors import OutputMismatchError, OutputUnserializableError
from durable.typed.output import OutputType


class Colour(Enum):
    RED = "red"


@dataclass
class User:
    name: str
    joined: date
    tags: list[str] = field(default_factory=list)


@dataclass
class Admin(User):
    level: int = 1


@dataclass
class Team:
    lead: User
    members: dict[str, User]


@dataclass
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("less than nothing")


class Pair(TypedDict):
    one: int


ADA = User("Ada", date(2026, 1, 31))


@pytest.mark.parametrize(
    ("hint", "value", "path", "found"),
    [
        (User, {"name": "Ada"}, "$", "dict, not User"),
        (User, None, "$", "None, not User"),
        (User, Admin("Ada", date(2026, 1, 1)), "$", "Admin, not User"),
        (User, User(5, ADA.joined), "$.name", "int 5, not str"),  # type: ignore[arg-type]
        (User, User("A", datetime(2026, 1, 1)), "$.joined", "datetime, not date"),
        (Team, Team(ADA, {"x": None}), "$.members.x", "None, not User"),  # type: ignore[dict-item]
        (list[User], [ADA, "Bob"], "$[1]", "str 'Bob', not User"),
        (list[int], (1, 2), "$", "tuple, not list[int]"),
        (tuple[int, str], (1,), "$", "1 items, where tuple[int, str] has 2"),
        (tuple[int, str], (1, 2), "$[1]", "int 2, not str"),
        (dict[str, int], {7: 1}, "$", "a key that is int 7, not str"),
        (int, True, "$", "bool True, not int"),
        (int, 1.0, "$", "float 1.0, not int"),
        (float, 2**60 + 1, "$", "int too large for a float"),
        (float, 10**400, "$", "float refused it: OverflowError"),
        (bool, 1, "$", "int 1, not bool"),
        (Literal[1, "a"], "b", "$", "str 'b', not Literal[1, 'a']"),
        (Literal[1], True, "$", "bool True, not Literal[1]"),
        (Colour, "red", "$", "str 'red', not Colour"),
        (int | None, "x", "$", "str 'x', not int"),
        (int | str, 1.5, "$", "float 1.5, not int | str"),
        (User | int, User("A", "B"), "$.joined", "str 'B', not date"),  # type: ignore[arg-type]
        (Pair, {"one": 1, "two": 2}, "$", "a key 'two', which Pair does not have"),
        (Pair, {}, "$", "no key 'one', which Pair must have"),
        (UUID, "7", "$", "str '7', not UUID"),
        (type(None), 0, "$", "int 0, not None"),
    ],
)
def test_what_is_not_of_the_type_is_not_stored(
    hint: Any, value: Any, path: str, found: str
) -> None:
    with pytest.raises(OutputUnserializableError) as raised:
        OutputType.of(hint).dump(value, "the result of step 'load'")
    assert raised.value.path == path
    assert str(raised.value).startswith("the result of step 'load' cannot be stored as ")
    assert f": {path}: {found}" in str(raised.value)


@pytest.mark.parametrize(
    ("hint", "plain", "path", "found"),
    [
        (User, {"name": "A"}, "$.joined", "nothing, and the field has no default"),
        (User, {"name": "A", "joined": "tomorrow"}, "$.joined", "str 'tomorrow', not date"),
        (User, ["A"], "$", "list, not User"),
        (Team, {"lead": {"name": "A"}, "members": {}}, "$.lead.joined", "nothing"),
        (list[Decimal], ["1", "x"], "$[1]", "str 'x', not Decimal"),
        (list[Decimal], ["1", 2], "$[1]", "int 2, not Decimal"),
        (Colour, "blue", "$", "Colour refused it: ValueError: 'blue' is not a valid Colour"),
        (Colour, [], "$", "Colour refused it"),
        (Positive, {"number": -1}, "$", "Positive refused it: ValueError: less than nothing"),
        (Pair, {}, "$.one", "nothing, and the field has no default"),
        (set[Any], [[]], "$", "set[Any] refused it: TypeError"),
        (date | int, "x", "$", "str 'x', not date | int"),
        (tuple[int, ...], {}, "$", "dict, not tuple[int, ...]"),
        (tuple[int], {}, "$", "dict, not tuple[int]"),
        (dict[str, int], [], "$", "list, not dict[str, int]"),
    ],
)
def test_what_does_not_fit_is_not_loaded(hint: Any, plain: Any, path: str, found: str) -> None:
    with pytest.raises(OutputMismatchError) as raised:
        OutputType.of(hint).load(plain, "The result of step 'load'")
    assert raised.value.path == path
    assert str(raised.value).startswith("The result of step 'load' was recorded, but does not fit ")
    assert f": {path}: {found}" in str(raised.value)


def test_a_type_may_have_grown_a_field_with_a_default() -> None:
    assert OutputType.of(User).load({"name": "Ada", "joined": "2026-01-31"}, "x") == ADA


def test_a_type_may_have_lost_a_field() -> None:
    stored = {"name": "Ada", "joined": "2026-01-31", "tags": [], "email": "ada@example.org"}
    assert OutputType.of(User).load(stored, "x") == ADA


def test_an_object_that_may_be_two_types_is_refused() -> None:
    @dataclass
    class Cat:
        name: str
        lives: int = 9

    @dataclass
    class Dog:
        name: str
        tricks: int = 0

    with pytest.raises(OutputMismatchError, match="an object that may be Cat and Dog"):
        OutputType.of(Cat | Dog).load({"name": "Rex"}, "x")


def test_what_could_not_be_built_again_is_not_stored() -> None:
    changed = Positive(1)
    changed.number = -1
    with pytest.raises(OutputUnserializableError, match="less than nothing"):
        OutputType.of(Positive).dump(changed, "x")


def test_a_value_that_holds_itself_is_refused() -> None:
    @dataclass
    class Ring:
        following: Any = None

    @dataclass
    class Chain:
        links: list[Any]

    nest: list[Any] = []
    for _ in range(100_000):
        nest = [nest]
    hint: Any = list[int]
    assert OutputType.of(Chain).dump(Chain(nest), "x") == {"links": nest}
    for _ in range(3):
        hint = list[hint]
    with pytest.raises(OutputUnserializableError):
        OutputType.of(hint).dump(nest, "x")


@dataclass
class Link:
    following: Link | None = None


def test_a_number_too_long_to_show_is_not_shown() -> None:
    with pytest.raises(OutputUnserializableError, match=r"\$: int, not str\."):
        OutputType.of(str).dump(10**5000, "x")


class Silent(Exception):
    def __str__(self) -> str:
        raise ValueError


@dataclass
class Shy:
    name: str

    def __getattribute__(self, name: str) -> Any:
        raise Silent


def test_code_of_the_type_may_raise_anything() -> None:
    with pytest.raises(OutputUnserializableError, match=r"\$: Shy refused it: Silent\."):
        OutputType.of(Shy).dump(Shy("a"), "x")


def test_a_record_that_holds_itself_is_refused() -> None:
    link = Link()
    link.following = link
    with pytest.raises(OutputUnserializableError, match="nested too deep, or it holds itself"):
        OutputType.of(Link).dump(link, "x")
