"""The site in the pictures: served under a theme, and opened in a browser by its administrator."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from scripts.bootstrap import ROOT

Scheme = Literal["light", "dark"]

# What has to be installed for a theme.
THEMES = {
    "stock": "django",
    "unfold": "unfold",
    "jazzmin": "jazzmin",
    "admin-interface": "admin_interface",
}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PAGES = {
    "runs": "run/",
    "run": "run/{order}/change/",
    "sleeper": "run/{drip}/change/",
    "crowd": "run/{crowd}/change/",
    "failed": "run/{failed}/change/",
    "sure": "run/?status__exact=failed",
    "step": "step/{step}/change/",
    "functions": "functionconfig/",
    "function": "functionconfig/fulfil-order/change/",
    "parallel": "functionconfig/resize-images/change/",
    "run-now": "functionconfig/fulfil-order/run/",
    "events": "event/",
    "event": "event/{event}/change/",
    "send": "event/send/",
    "health": "worker/",
    "charts": "runtally/",
    "keys": "key/",
    "new-key": "key/add/",
}
# Themes hide boxes and menus each in its own way.
_ASK = """
document.querySelectorAll("input[name=_selected_action]").forEach((box) => { box.checked = true; });
document.querySelector("select[name=action]").value = "replay_runs";
document.querySelector("#changelist-form").submit();
"""
PATIENCE = 60.0  # seconds until a server must answer
HEIGHT = 1000


@dataclass(frozen=True, slots=True)
class Site:
    """Where the admin is, and the ids of what is worth looking at, by name."""

    admin: str
    ids: dict[str, str]

    def log_in(self, browser: Any, scheme: Scheme, width: int) -> Any:
        """Return the page of the administrator, in a window of its own."""
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            color_scheme=scheme,
            reduced_motion="reduce",
            device_scale_factor=1,
        )
        page = context.new_page()
        page.goto(f"{self.admin}login/?next=/admin/")
        page.fill("input[name=username]", "admin")
        page.fill("input[name=password]", "admin")
        page.locator("input[name=password]").press("Enter")
        page.wait_for_load_state("networkidle")
        return page

    def go(self, page: Any, what: str) -> None:
        """Open one of `PAGES`."""
        page.goto(f"{self.admin}durable/" + PAGES[what].format(**self.ids))
        if what == "sure":
            with page.expect_navigation():
                page.evaluate(_ASK)
        page.wait_for_load_state("load")


def is_installed(theme: str) -> bool:
    """Say whether a site can have the theme here."""
    return find_spec(THEMES[theme]) is not None


@contextmanager
def served(theme: str) -> Iterator[Site]:
    """Serve a site that has the theme, and runs worth a picture."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
            "DJANGO_SETTINGS_MODULE": "scripts.screenshots.settings",
            "THEME": theme,
        }
        said = _python(environment, "-m", "scripts.screenshots.prepare").strip().splitlines()[-1]
        address = f"127.0.0.1:{port}"
        command = [sys.executable, "-m", "django", "runserver", "--noreload", address]
        with Path(folder, "server.log").open("w") as log:
            server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log)
            try:
                _wait(port)
                yield Site(f"http://{address}/admin/", json.loads(said))
            finally:
                server.terminate()
                server.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _python(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers at port {port}")
