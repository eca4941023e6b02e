"""Text that is compared as it is, on every database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField

_MARIADB, _MYSQL = "utf8mb4_nopad_bin", "utf8mb4_0900_bin"


if TYPE_CHECKING:
    Base = CharField[str, str]
else:
    Base = CharField


class ExactCharField(Base):
    """On MariaDB too, "acme", "Acme" and "acme " are three values: a tenant is not to see another's."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """Return the type and the collation of the column."""
        found = super().db_parameters(connection)
        if connection.vendor == "mysql":
            is_mariadb = getattr(connection, "mysql_is_mariadb", True)
            return {**found, "collation": _MARIADB if is_mariadb else _MYSQL}
        return found
