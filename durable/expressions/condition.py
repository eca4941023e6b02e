"""What somebody waits for: a key for the index, and the rest to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from durable.expressions.bind import Conjunct
from durable.expressions.expression import parse, parse_bound
from durable.expressions.full import MARK
from durable.expressions.key import LONGEST_PATH, Term, any_key, match_key, read_path, spell


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition on events of one name, with a starting event's values in it: three texts to store.

    A candidate meets it if `keys_of` gives it `key` for `path`, and `holds` says so of `rest`.
    """

    path: str = ""  # into a candidate; "" without a key
    key: str = ""  # "" for any event, of those without a tenant
    rest: str = ""  # "" if nothing is left to be looked at

    @classmethod
    def of(
        cls,
        name: str,
        *,
        event: Mapping[str, Any],
        match: str | None = None,
        if_exp: str | None = None,
        tenant: str = "",
        what: str = "wait_for_event",
    ) -> Condition:
        """Make the condition of what an author wrote.

        Args:
            name: of the events that are waited for.
            event: the starting event, as a dict of name, data, id, ts.
            match: a path that must lead to the same value in both events: "data.user_id".
            if_exp: an expression about `event`, the starting one, and `async`, the candidate.
            tenant: whose events they are.
            what: how an error should call the place.

        Raises:
            ExpressionInvalidError: one of them is wrong, or too long with the event's values in it.
            ExpressionFailedError: it cannot be computed with the event's values.
            SettingInvalidError: the site wants CEL, and has no package for it.
        """
        parts: list[Conjunct] = []
        if match is not None:
            parts += _match(match, f"{what}: match", event)
        if if_exp is not None:
            parts += parse(if_exp, what=f"{what}: if_exp").conjuncts(event)
        best = _best(parts)
        rest = _join([part for part in parts if part is not best])
        if rest:
            parse_bound(rest, what=f"{what}, with the values of the starting event")
        if best is None or best.term is None:
            return cls(key=any_key(name, tenant), rest=rest)
        path = best.term.path
        return cls(path=path, key=match_key(name, path, best.term.value, tenant), rest=rest)


def holds(rest: str, candidate: Mapping[str, Any]) -> bool:
    """Say whether the rest of a condition holds for a candidate, a dict of name, data, id, ts.

    Raises:
        ExpressionFailedError: it cannot be computed with the candidate's values.
    """
    return not rest or parse_bound(rest).holds({"async": candidate})


def _match(text: str, what: str, event: Mapping[str, Any]) -> list[Conjunct]:
    path = spell(read_path(text, what).keys)
    return parse(f"async.{path} == event.{path}", what=what).conjuncts(event)


def _best(parts: Sequence[Conjunct]) -> Conjunct | None:
    """Return the equation that tells waiters apart best: a constant is the same for all of them."""
    found = [part for part in parts if part.term and len(part.term.path) <= LONGEST_PATH]
    return min(found, key=lambda part: _rank(part.term), default=None)


def _rank(term: Term | None) -> tuple[bool, bool, str]:
    assert term is not None
    return term.is_constant, isinstance(term.value, bool), term.path


def _join(parts: Sequence[Conjunct]) -> str:
    text = " && ".join(part.text for part in parts)
    return MARK + text if any(part.is_full for part in parts) else text
