"""How much of each campaign a night plays: the one place that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.backends import NAMES

SERVERS = ("postgres", "mariadb")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of one campaign is played.

    Args:
        campaign: the word for it.
        databases: on which, each as far as it can be reached.
        words: what else its processes are told.
        minutes: after which no new piece of it is begun; the report says how many were played.
        is_alone: it needs the machine, and so one process.
    """

    campaign: str
    databases: Sequence[str] = NAMES
    words: tuple[str, ...] = ()
    minutes: float | None = None
    is_alone: bool = False


PAIRED = ("sequence", "sleep", "wait", "invoke", "atomic")

NIGHTLY = (
    Size(campaign="singles", databases=("sqlite",)),
    # Each kind of fault by another lot: no place is left out by all of them.
    Size(campaign="singles", databases=SERVERS, words=("--every", "2")),
    Size(campaign="forks", words=("--every", "4")),
    Size(
        campaign="pairs",
        databases=("sqlite",),
        words=tuple(word for name in PAIRED for word in ("--scenario", name)),
    ),
    Size(campaign="pauses", words=("--every", "3")),
    Size(campaign="races", databases=SERVERS),
    Size(campaign="programs", databases=("sqlite",), words=("--most", "10000")),
    Size(campaign="mutants", databases=("sqlite",)),
    Size(campaign="chaos", databases=("postgres",), words=("--own-server",), is_alone=True),
)
