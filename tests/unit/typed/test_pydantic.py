"""Pydantic's models and types, and what is said where pydantic is not installed."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable.errors import OutputMismatchError, OutputUnserializableError
from durable.typed.output import OutputType
from durable.typed.shape import UnsupportedTypeError


class Item(pydantic.BaseModel):
    name: str = pydantic.Field(alias="itemName")
    price: Decimal = Decimal(0)


class Order(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, validate_by_name=True)

    placed: datetime
    took: timedelta
    items: tuple[Item, ...] = ()

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def count(self) -> int:
        return len(self.items)


@dataclass
class Shipment:
    order: Order
    weight: float


class Cat(pydantic.BaseModel):
    kind: Literal["cat"] = "cat"


class Dog(pydantic.BaseModel):
    kind: Literal["dog"] = "dog"


def item(name: str, price: Decimal = Decimal(0)) -> Item:
    return Item(itemName=name, price=price)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
items = st.builds(item, texts, st.decimals(allow_nan=False, allow_infinity=False))
orders = st.builds(
    Order,
    placed=st.datetimes(min_value=datetime(1700, 1, 1)),
    took=st.timedeltas(timedelta(-1000), timedelta(1000)),
    items=st.lists(items).map(tuple),
)
ORDER = Order(placed=datetime(2026, 1, 1), took=timedelta(1), items=(item("pen"),))


def through_text(hint: Any, value: Any) -> Any:
    output_type = OutputType.of(hint)
    text = json.dumps(output_type.dump(value, "x"), allow_nan=False)
    return output_type.load(json.loads(text), "x")


@given(orders)
def test_a_model_comes_back_equal(order: Order) -> None:
    assert through_text(Order, order) == order


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (list[Order], [ORDER]),
        (Order | None, ORDER),
        (Order | None, None),
        (dict[str, Order], {"a": ORDER}),
        (Shipment, Shipment(ORDER, 1.5)),
        (Cat | Dog, Dog()),
        (Annotated[int, pydantic.Field(gt=3)], 5),
        (pydantic.HttpUrl, pydantic.HttpUrl("https://example.org/")),
        (bytes, b"text"),
    ],
    ids=str,
)
def test_types_made_with_models(hint: Any, value: Any) -> None:
    again = through_text(hint, value)
    assert (type(again), again) == (type(value), value)


def test_fields_are_stored_under_their_own_names() -> None:
    assert OutputType.of(Item).dump(item("pen"), "x") == {"name": "pen", "price": "0"}


@pytest.mark.parametrize(
    ("hint", "value", "path"),
    [
        (Order, {"placed": "2026-01-01", "took": timedelta(1)}, "$.placed"),
        (list[Item], [item("a"), 5], "$[1]"),
        (Annotated[int, pydantic.Field(gt=3)], 2, "$"),
        (Annotated[int, pydantic.Field(gt=3)], "5", "$"),
        (Item, Item.model_construct(name=5), "$"),
    ],
)
def test_what_is_not_of_the_type_is_not_stored(hint: Any, value: Any, path: str) -> None:
    with pytest.raises(OutputUnserializableError) as raised:
        OutputType.of(hint).dump(value, "the result of step 'load'")
    assert raised.value.path == path


def test_a_dict_of_its_fields_comes_back_as_a_model() -> None:
    given = {"placed": ORDER.placed, "took": ORDER.took, "items": ORDER.items}
    assert through_text(Order, given) == ORDER


def test_what_does_not_fit_any_more_is_named_with_its_path() -> None:
    stored = {"placed": "2026-01-01T00:00:00", "took": "P1D", "items": [{"price": "1"}]}
    with pytest.raises(OutputMismatchError, match=r"\$\.items\[0\]\.name: Field required"):
        OutputType.of(Order).load(stored, "The result of step 'load'")


class Strange:
    pass


def test_a_type_that_pydantic_does_not_know_either_is_refused() -> None:
    with pytest.raises(UnsupportedTypeError, match=r"Strange is not a type .* Pydantic says: "):
        OutputType.of(Strange)


@pytest.fixture
def without_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)


@pytest.mark.usefixtures("without_pydantic")
@pytest.mark.parametrize("hint", [Strange, complex, list[complex]])
def test_without_pydantic_the_error_says_how_to_install_it(hint: Any) -> None:
    with pytest.raises(UnsupportedTypeError) as raised:
        OutputType.of(hint)
    assert "pip install django-durable-workflows[pydantic]" in str(raised.value)


@dataclass
class Tagged:
    text: Annotated[str, "for people"]


@pytest.mark.usefixtures("without_pydantic")
def test_dataclasses_need_no_pydantic() -> None:
    assert through_text(Tagged, Tagged("a")) == Tagged("a")
