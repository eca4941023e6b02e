"""What the pages on races and on many items show is executed, and does what they say."""

from __future__ import annotations

from tests.docs.conftest import Play, Read
from tests.docs.pages import page

RACES, ITEMS = page("docs/howto/race-and-time-limits.md"), page("docs/howto/many-items.md")


def test_an_offer_that_comes_in_time_is_taken(read: Read, play: Play) -> None:
    read(RACES)
    assert play("quote/asked", "quote", part="bolt") == "bolt: 12 EUR"


def test_a_time_limit_of_asyncio_is_kept(read: Read, play: Play) -> None:
    read(RACES)
    assert play("quote/asked", "quote-async", part="bolt") == "no offer today"


def test_the_fastest_task_wins(read: Read, play: Play) -> None:
    read(RACES)
    assert play("mirror/wanted", "fastest-mirror", mirrors=["far away", "near"]) == "near"


def test_every_item_is_priced(read: Read, play: Play) -> None:
    read(ITEMS)
    assert play("prices/changed", "price-list", count=1000) == 999_000


def test_photos_are_made_small_in_order(read: Read, play: Play) -> None:
    read(ITEMS)
    photos = [f"{number}.jpg" for number in range(9)]
    small = [f"{number}-small.jpg" for number in range(9)]
    assert play("album/uploaded", "thumbnails", photos=photos) == small
