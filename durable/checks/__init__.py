"""System checks: what `manage.py check` says about a site's settings and functions.

Errors are durable.E…, what would only hurt is durable.W…; importing this package registers them.
"""

from __future__ import annotations

from durable.checks import cluster, databases, functions, keys, server, site, webhooks

__all__ = ["cluster", "databases", "functions", "keys", "server", "site", "webhooks"]
