"""For every value of a type: what is built of its JSON text equals it, and is of the same type."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable.typed.output import OutputType
from durable.typed.shape import UnsupportedTypeError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Address(TypedDict):
    street: str
    number: NotRequired[int]


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: Literal["EUR", "USD"] = "EUR"


@dataclass
class Node:
    name: str
    children: list[Node] = field(default_factory=list)


@dataclass(kw_only=True)
class Order:
    id: UUID
    placed: datetime
    due: date | None
    at: time
    took: timedelta
    price: Money
    parts: dict[str, tuple[int, Colour]]
    sizes: frozenset[Size]
    where: Address
    points: tuple[Point, ...]
    note: str | int | float | None
    more: Any = None


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
numbers = st.floats(allow_nan=False, allow_infinity=False)
money = st.builds(Money, st.decimals(allow_nan=False), st.sampled_from(["EUR", "USD"]))
addresses: Any = st.fixed_dictionaries({"street": texts}, optional={"number": st.integers()})
nodes = st.recursive(st.builds(Node, texts), lambda inner: st.builds(Node, texts, st.lists(inner)))
times = st.datetimes(timezones=st.none() | st.just(None), allow_imaginary=False)
orders = st.builds(
    Order,
    id=st.uuids(),
    placed=times | st.datetimes(timezones=st.timezones()),
    due=st.none() | st.dates(),
    at=st.times(),
    took=st.timedeltas(),
    price=money,
    parts=st.dictionaries(texts, st.tuples(st.integers(), st.sampled_from(Colour))),
    sizes=st.frozensets(st.sampled_from(Size)),
    where=addresses,
    points=st.lists(st.builds(Point, numbers, numbers)).map(tuple),
    note=texts | st.integers() | numbers | st.none(),
    more=st.lists(st.integers() | texts),
)


def through_text(hint: Any, value: Any) -> Any:
    output_type = OutputType.of(hint)
    text = json.dumps(output_type.dump(value, "x"), allow_nan=False)
    return output_type.load(json.loads(text), "x")


@given(orders)
def test_a_dataclass_of_everything_comes_back_equal(order: Order) -> None:
    again = through_text(Order, order)
    assert again == order
    assert repr(again.parts) == repr(order.parts)
    assert [type(value) for value in vars(again).values()] == [
        type(value) for value in vars(order).values()
    ]


@given(nodes)
def test_a_type_may_hold_itself(node: Node) -> None:
    assert through_text(Node, node) == node


@given(st.timedeltas())
def test_a_span_comes_back_to_the_microsecond(span: timedelta) -> None:
    assert through_text(timedelta, span) == span


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_a_float_comes_back_as_a_float(number: float) -> None:
    again = through_text(float, number)
    assert (type(again), again) == (float, number)


SHAPES: list[tuple[Any, Any]] = [
    (list[Money], [Money(Decimal("1.10"))]),
    (dict[UUID, date], {UUID(int=7): date(2026, 1, 31)}),
    (dict[Colour, int], {Colour.RED: 1}),
    (set[Decimal], {Decimal("0.1"), Decimal("2E+5")}),
    (tuple[()], ()),
    (tuple[int, ...], (1, 2, 3)),
    (Money | Node | None, Node("a")),
    (Literal["auto"] | int, "auto"),
    (int | float, 2**70 + 1),
    (bool | int, True),
    (Address, {"street": "Hill", "number": 5}),
    (Any, {"a": [1, None]}),
    (dict, {"a": 1}),
    (list, [1, "a"]),
    (type(None), None),
    (Colour, Colour.BLUE),
]


@pytest.mark.parametrize(("hint", "value"), SHAPES, ids=lambda case: str(case)[:40])
def test_types_made_of_types(hint: Any, value: Any) -> None:
    again = through_text(hint, value)
    assert (type(again), again) == (type(value), value)


@dataclass
class Cat:
    kind: Literal["cat"]
    name: str


@dataclass
class Dog:
    kind: Literal["dog"]
    name: str


@dataclass
class Bird:
    name: str
    wings: int = 2


@pytest.mark.parametrize("animal", [Cat("cat", "Tom"), Dog("dog", "Rex"), Bird("Tweety")])
def test_a_union_gives_back_the_type_it_was_given(animal: Any) -> None:
    assert through_text(Cat | Dog | Bird, animal) == animal


@dataclass
class Counted:
    words: list[str]
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.count = len(self.words)


def test_a_field_that_is_not_an_argument_keeps_its_value() -> None:
    counted = Counted(["a"])
    counted.count = 9
    assert through_text(Counted, counted) == counted


def test_a_shape_is_made_once() -> None:
    assert OutputType.of(list[Order]) is OutputType.of(list[Order])


def test_few_shapes_are_kept() -> None:
    first = OutputType.of(Literal["first"])
    for number in range(300):
        OutputType.of(Literal.__getitem__(f"{number}"))
    assert OutputType.of(Literal["first"]) is not first


class Plain:
    pass


@dataclass
class Wants:
    number: int

    def __init__(self, text: str) -> None:
        self.number = int(text)


@dataclass
class Same:
    name: str


class Both(Enum):
    PAIR = (1, 2)


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (5, "5 is not a type."),
        ("Order", "'Order' is not a type."),
        (Node("a"), "Node(name='a', children=[]) is not a type."),
        (list["Nobody"], "'Nobody' is not a type."),  # type: ignore[name-defined]  # noqa: F821
        (Plain, "Plain is not a type that durable can store. Use a dataclass of plain values"),
        (list[Plain], "Plain is not a type that durable can store."),
        (dict[int, str], "Keys of a dict are text in JSON, so they cannot be int."),
        (datetime | str, "datetime and str look alike in JSON"),
        (Node | dict[str, int], "Node and dict[str, int] look alike in JSON"),
        (list[int] | tuple[int, int], "list[int] and tuple[int, int] look alike in JSON"),
        (Same | Bird, None),
        (
            Wants,
            "The dataclass Wants cannot be built again: it wants 'text', which is not a field.",
        ),
        (Both, "The Enum Both has the value (1, 2), which JSON does not have."),
        (Literal[b"x"], "Literal[b'x'] is not a plain value."),
    ],
)
def test_what_cannot_be_stored_is_refused_beforehand(hint: Any, words: str | None) -> None:
    if words is None:
        OutputType.of(hint)
        return
    with pytest.raises(UnsupportedTypeError) as raised:
        OutputType.of(hint)
    assert words in str(raised.value)


def test_two_dataclasses_of_the_same_fields_look_alike() -> None:
    @dataclass
    class Other:
        name: str

    with pytest.raises(UnsupportedTypeError, match="Same and Other look alike in JSON"):
        OutputType.of(Same | Other)


def test_types_of_fields_that_cannot_be_found_are_named() -> None:
    @dataclass
    class Lost:
        what: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(UnsupportedTypeError, match=r"fields of Lost cannot be found: .*Nowhere"):
        OutputType.of(Lost)
