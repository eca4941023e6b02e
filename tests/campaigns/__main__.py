"""Plays campaigns: `python -m tests.campaigns singles pairs --database postgres --every 3`.

`python -m tests.campaigns nightly --jobs 4` plays all of them, in the sizes of `sizes.py`. What they count and
find is in `var/campaigns`; `python -m tests.campaigns evidence` writes the page.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path


def _set_up(stack: ExitStack) -> None:
    """Choose the database before anybody reads the settings; start one, if it is to be struck."""
    chosen = [sys.argv[n + 1] for n, word in enumerate(sys.argv[:-1]) if word == "--database"]
    if chosen:
        os.environ["DURABLE_TEST_DATABASE"] = chosen[-1]
    if "--own-server" in sys.argv:
        from scripts.servers import embedded_postgres, own_mariadb

        if chosen[-1:] == ["mariadb"]:
            os.environ["DURABLE_TEST_MARIADB"] = stack.enter_context(own_mariadb())
        else:
            os.environ["DURABLE_TEST_DATABASE"] = "postgres"
            os.environ["DURABLE_TEST_POSTGRES"] = stack.enter_context(embedded_postgres())
    if "chaos" in sys.argv:
        # As docs say for production: a frozen machine, of which nobody is left to notice it, lets go of its rows.
        os.environ.setdefault("PGOPTIONS", "-c idle_in_transaction_session_timeout=10s")
    else:
        _do_not_wait_for_the_disk()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()


def _do_not_wait_for_the_disk() -> None:
    """Keep what is said durable only as far as these campaigns go: processes die in them, no server does."""
    os.environ.setdefault("PGOPTIONS", "-c synchronous_commit=off")
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK):
        tempfile.tempdir = str(memory)


if __name__ == "__main__":
    with ExitStack() as stack:
        _set_up(stack)
        from tests.campaigns.command import main

        sys.exit(main(sys.argv[1:]))
