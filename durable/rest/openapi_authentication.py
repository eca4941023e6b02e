"""The ways to be let in, as OpenAPI names them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class KeyExtension(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """A key that is shown."""

    target_class = "durable.rest.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Describe the header."""
        return {"type": "http", "scheme": "bearer", "description": "A key: `prefix.secret`."}


class TicketExtension(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """A ticket in the address of a stream."""

    target_class = "durable.rest.tickets.TicketAuthentication"
    name = "ticket"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Describe the parameter."""
        return {"type": "apiKey", "in": "query", "name": "ticket"}


class SignatureExtension(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """A key that signs."""

    target_class = "durable.rest.authentication.SignatureAuthentication"
    name = "signature"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Describe the header."""
        said = "`Durable-HMAC-SHA256 key=…, ts=…, sig=…`"
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": said}
