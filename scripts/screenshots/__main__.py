"""Takes pictures of the admin in four themes, light and dark, into docs/images.

python -m scripts.screenshots              all of them
python -m scripts.screenshots stock        of that theme only
python -m scripts.screenshots --to DIR     somewhere else
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from scripts.bootstrap import ROOT
from scripts.browser import launch

Scheme = Literal["light", "dark"]

THEMES: dict[str, tuple[Scheme, ...]] = {
    "stock": ("light", "dark"),
    "unfold": ("light", "dark"),
    "jazzmin": ("light",),
    "admin-interface": ("light",),
}
PATIENCE = 30.0  # seconds until a server must answer
WIDTH, HEIGHT = 1360, 1100


def main(arguments: Sequence[str]) -> int:
    """Take what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots")
    parser.add_argument("themes", nargs="*", choices=[*THEMES, []])
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    given = parser.parse_args(arguments)
    given.to.mkdir(parents=True, exist_ok=True)
    for theme in given.themes or THEMES:
        with _site(theme) as (url, run):
            _take(theme, url, run, given.to)
    return 0


@contextmanager
def _site(theme: str) -> Iterator[tuple[str, str]]:
    """Serve a site with the theme and runs worth a picture."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
            "DJANGO_SETTINGS_MODULE": "scripts.screenshots.settings",
            "THEME": theme,
        }
        run = _python(environment, "-m", "scripts.screenshots.prepare").strip().splitlines()[-1]
        address = f"127.0.0.1:{port}"
        command = [sys.executable, "-m", "django", "runserver", "--noreload", address]
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            _wait(port)
            yield f"http://{address}/admin/", run
        finally:
            server.terminate()
            server.wait(PATIENCE)


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


def _take(theme: str, url: str, run: str, folder: Path) -> None:
    with launch() as browser:
        for scheme in THEMES[theme]:
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT},
                color_scheme=scheme,
                reduced_motion="reduce",
                device_scale_factor=1,
            )
            page = context.new_page()
            page.goto(f"{url}login/?next=/admin/")
            page.fill("input[name=username]", "admin")
            page.fill("input[name=password]", "admin")
            page.locator("input[name=password]").press("Enter")
            page.wait_for_load_state("networkidle")
            for name, path, is_full in (
                ("runs", "durable/run/", False),
                ("run", f"durable/run/{run}/change/", True),
            ):
                page.goto(url + path)
                page.wait_for_load_state("load")
                page.wait_for_timeout(700)
                file = folder / f"admin-{name}-{theme}-{scheme}.png"
                if is_full:  # not `full_page`: bars that stick to the window would be in the middle
                    tall = page.evaluate("document.documentElement.scrollHeight")
                    page.set_viewport_size({"width": WIDTH, "height": max(tall, HEIGHT)})
                page.screenshot(path=file)
                page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
                _shrink(file)
                print(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)
            context.close()


def _shrink(file: Path) -> None:
    """Make a picture small: few colours are enough for a page."""
    from PIL import Image

    with Image.open(file) as picture:
        small = picture.convert("RGB").resize((picture.width * 3 // 4, picture.height * 3 // 4))
        small.quantize(256, method=Image.Quantize.MAXCOVERAGE).save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
