"""Makes a virtual environment with this project in it, once for each state of pyproject.toml.

python3 scripts/bootstrap.py          what the demo needs
python3 scripts/bootstrap.py dev      what the tests need besides
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO, DEV = "postgres", "dev"


def ensure(folder: Path, *, python: str, extra: str, pins: tuple[str, ...] = ()) -> Path:
    """Return the interpreter of an environment that holds this project with an extra.

    Whatever is there already and was made from the same pyproject.toml is left alone.
    """
    interpreter = folder / "bin" / "python"
    if not any(_is_stamped(folder, one, pins) for one in (extra, DEV)):
        print(f"Preparing {folder.name} (only this once, about a minute)", flush=True)
        _make(folder, python)
        _install(interpreter, extra, pins)
        _stamp(folder, extra).write_text(_state(folder, pins))
    return interpreter


def _is_stamped(folder: Path, extra: str, pins: tuple[str, ...]) -> bool:
    stamp = _stamp(folder, extra)
    return stamp.exists() and stamp.read_text() == _state(folder, pins)


def _stamp(folder: Path, extra: str) -> Path:
    return folder / f".made-for-{extra}"


def _state(folder: Path, pins: tuple[str, ...]) -> str:
    """Tell one pyproject.toml from another, and a folder that was moved from one that was not."""
    content = (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(content + repr((str(folder), pins)).encode()).hexdigest()


def _make(folder: Path, python: str) -> None:
    if _is_usable(folder):
        return
    if subprocess.run([python, "-m", "venv", "--clear", folder]).returncode:
        sys.exit(
            f"{python} cannot make a virtual environment."
            " On Debian and Ubuntu the package python3-venv brings what is missing."
        )


def _is_usable(folder: Path) -> bool:
    """Say no to an environment whose Python is gone, and to one whose scripts name an old place."""
    config, interpreter = folder / "pyvenv.cfg", folder / "bin" / "python"
    if not (config.exists() and interpreter.exists() and str(folder) in config.read_text()):
        return False
    return subprocess.run([interpreter, "-c", "import pip"], capture_output=True).returncode == 0


def _install(interpreter: Path, extra: str, pins: tuple[str, ...]) -> None:
    pip = (str(interpreter), "-m", "pip", "install", "-qq", "--disable-pip-version-check")
    if subprocess.run([*pip, "--editable", f".[{extra}]", *pins], cwd=ROOT).returncode:
        sys.exit("The packages could not be installed; pip's message is above.")


if __name__ == "__main__":
    ensure(
        ROOT / ".venv",
        python=sys.executable,
        extra=sys.argv[1] if len(sys.argv) > 1 else DEMO,
    )
