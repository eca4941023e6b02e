"""Keys through the API: made, listed, rotated, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from durable.access.keys import Made, Rights, make, revoke, rotate
from durable.access.scopes import may_key_grant, may_user_grant
from durable.models import Key
from durable.rest import pagination
from durable.rest.base import ViewSet, on_one
from durable.rest.examples import KEY, KEYS, MADE_KEY, OVERLAP, RIGHTS
from durable.rest.openapi import described
from durable.rest.problems import Problem
from durable.rest.shapes.key import (
    KeyListShape,
    KeyQuery,
    KeyShape,
    MadeKeyShape,
    OverlapShape,
    RightsShape,
)
from durable.rest.shapes.strict import read
from durable.store import get_store

PREFIX = {"prefix": str}


class KeyViews(ViewSet):
    """Keys. Who is bound to a tenant sees those of the tenant, and nobody gives more than he has."""

    lookup_field = "prefix"
    lookup_value_regex = "[^/]+"
    operations = {
        "list": "keys.read",
        "retrieve": "keys.read",
        "create": "keys.create",
        "rotate": "keys.change",
        "revoke": "keys.change",
    }

    @described("List keys", query=KeyQuery, gives={200: KeyListShape}, examples={"keys": KEYS})
    def list(self, request: Request) -> Response:
        """The newest first, a page at a time, the revoked and expired ones among them."""
        query = read(KeyQuery, request.query_params)
        found, cursor = pagination.newest(self.own(Key.objects.using(get_store().alias)), query)
        return Response({"results": [KeyShape(key).data for key in found], "next": cursor})

    @described("Look at a key", gives={200: KeyShape}, path=PREFIX, examples={"a key": KEY})
    def retrieve(self, request: Request, prefix: str) -> Response:
        """What it is for, and when it was last used, to a minute."""
        return Response(KeyShape(self._found(prefix)).data)

    @described(
        "Make a key",
        takes=RightsShape,
        gives={201: MadeKeyShape},
        examples={"request": RIGHTS, "made": MADE_KEY},
    )
    def create(self, request: Request) -> Response:
        """The answer holds its secret, which is never shown again. A key cannot make one that may do
        more, sees more, or lasts longer than itself.
        """
        given = read(RightsShape, self.given())
        signs = given.pop("signs")
        if self.tenant is not None:
            given["tenant"] = given["tenant"] or self.tenant
        key = Rights(**given).key()
        self._check_grant(key)
        return _shown(make(get_store(), self.actor, key, signs=signs))

    @on_one(
        "post",
        "Rotate a key",
        takes=OverlapShape,
        gives={201: MadeKeyShape},
        path=PREFIX,
        examples={"request": OVERLAP, "made": MADE_KEY},
    )
    def rotate(self, request: Request, prefix: str) -> Response:
        """Makes a successor with the same rights; the key itself goes on for `overlap` seconds."""
        given = read(OverlapShape, self.given())
        key = self._found(prefix)
        self._check_grant(key)
        overlap = timedelta(seconds=given["overlap"])
        return _shown(rotate(get_store(), self.actor, key, overlap))

    @on_one("post", "Revoke a key", gives={200: KeyShape}, path=PREFIX, examples={"a key": KEY})
    def revoke(self, request: Request, prefix: str) -> Response:
        """Ends it at once. Done twice it is done once."""
        key = self._found(prefix)
        self._check_grant(key)
        revoke(get_store(), self.actor, key)
        return Response(KeyShape(key).data)

    def _found(self, prefix: str) -> Key:
        rows = self.own(Key.objects.using(get_store().alias))
        key = rows.filter(prefix=prefix).first() if prefix.isalnum() else None
        if key is None:
            raise Problem(404, "not_found")
        return key

    def _check_grant(self, key: Key) -> None:
        mine, user = self.request.auth, self.request.user
        if isinstance(mine, Key):
            is_allowed = may_key_grant(mine, key)
        else:
            is_own = self.tenant in (None, key.tenant)
            is_allowed = is_own and may_user_grant(user.has_perm, key.operations)
        if not is_allowed:
            raise Problem(403, "forbidden", "The key may do more than you may.")


def _shown(made: Made) -> Response:
    shown: dict[str, Any] = {**KeyShape(made.key).data, "secret": made.secret}
    return Response(shown, status=201, headers={"Cache-Control": "no-store"})
