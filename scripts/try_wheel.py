"""Installs the built wheel in an empty environment, and puts it to work in an empty site.

python -m scripts.try_wheel            build, install, check, migrate; remove it all again
python -m scripts.try_wheel --keep     leave the site for trying things by hand
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.bootstrap import ROOT

SETTINGS = """

INSTALLED_APPS += ["django_q", "durable"]

Q_CLUSTER = {
    "name": "durable",
    "broker_class": "durable.q2.broker.Broker",
    "orm": "default",
    "workers": 2,
    "timeout": 90,
    "retry": 120,
}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the wheel out; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--keep", action="store_true", help="leave the site for trying by hand")
    keep = parser.parse_args(arguments).keep
    folder = Path(tempfile.mkdtemp(prefix="try-wheel-"))
    try:
        python = _environment(folder, build(folder / "dist"))
        site = _site(folder, python)
        for command in ("check", "migrate -v0", "makemigrations --check --dry-run", "durable_list"):
            _run(python, "manage.py", *command.split(), cwd=site)
    except subprocess.CalledProcessError as error:
        print(f"{error}\n{error.stdout or ''}")
        return 1
    finally:
        if not keep:
            shutil.rmtree(folder)
    if keep:
        print(f"cd {site} && {python} manage.py durable_worker")
    print("The wheel works in an empty site.")
    return 0


def build(folder: Path) -> Path:
    """Build the wheel of this tree into a folder, and return its path."""
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), ".")
    (wheel,) = folder.glob("*.whl")
    return wheel


def _environment(folder: Path, wheel: Path) -> str:
    python = str(folder / "venv" / "bin" / "python")
    _run(sys.executable, "-m", "venv", str(folder / "venv"))
    _run(python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", str(wheel))
    return python


def _site(folder: Path, python: str) -> Path:
    """Make what `django-admin startproject` makes, with the two apps added."""
    site = folder / "site"
    site.mkdir()
    _run(python, "-m", "django", "startproject", "mysite", str(site), cwd=folder)
    with (site / "mysite" / "settings.py").open("a") as settings:
        settings.write(SETTINGS)
    return site


def _run(*command: str, cwd: Path = ROOT) -> None:
    """Run a command that must succeed; what it says is shown only if it does not."""
    print(f"$ {' '.join(command)}", flush=True)
    subprocess.run(
        command,
        cwd=cwd,
        env=_environment_of_a_stranger(),
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _environment_of_a_stranger() -> dict[str, str]:
    """Leave out what this tree's own tests put into the environment."""
    ours = ("DJANGO_", "DURABLE_", "DATABASE_URL", "PYTHON", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


if __name__ == "__main__":
    sys.exit(main())
