"""Whose run is next: the oldest, and every second time that of the next tenant, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from durable.store import Store
from durable.store.rows import RunClaim

_OFTEN, _RARELY = 2, 32  # claims from one look for tenants to the next, where there are any or none


@dataclass(slots=True)
class Turns:
    """Claims runs so that the backlog of one tenant does not keep the others waiting.

    It lasts as long as its process: a worker that does one long piece of work at a time comes to its
    second claim in another drain. A site without tenants is asked for them rarely.
    """

    _claims: int = 0
    _every: int = _RARELY
    _last: str = ""

    def claim(self, store: Store, owner: str) -> Sequence[RunClaim]:
        """Claim a run that is due, if there is one."""
        self._claims += 1
        if self._claims % self._every == 0 and (claims := self._next(store, owner)):
            return claims
        claims = store.runs.claim(owner, 1)
        if any(run.tenant for run in claims):
            self._every = _OFTEN
        return claims

    def _next(self, store: Store, owner: str) -> Sequence[RunClaim]:
        """Claim of the tenant after the last one; nothing if there is none, or none of his is due."""
        tenant = store.runs.tenant_after(self._last)
        self._every = _OFTEN if tenant or self._last else _RARELY
        self._last = tenant
        return store.runs.claim(owner, 1, tenant=tenant) if tenant else ()
