"""The other Pythons of this machine, each with the Django it is to be tested with."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts import bootstrap

DJANGO_FOR = {"3.11": "5.2", "3.12": "6.0", "3.13": "6.1"}
INSTALLED_BY_PYENV = Path.home() / ".pyenv" / "versions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    python: str
    django: str

    def __str__(self) -> str:
        return f"Python {self.python}, Django {self.django}"

    def prepare(self) -> str:
        """Return the path of an environment's Python, made if need be; nothing if it cannot be."""
        found = _find(self.python)
        if not found:
            return ""
        try:
            return str(
                bootstrap.ensure(
                    bootstrap.ROOT / f".venv-{self.python}",
                    python=found,
                    extra="test",
                    pins=(f"Django=={self.django}.*",),
                )
            )
        except SystemExit as refusal:
            print(refusal)
            return ""


def others() -> list[Interpreter]:
    """Return the interpreters to test with besides the one that runs this."""
    mine = ".".join(map(str, sys.version_info[:2]))
    return [
        Interpreter(python=python, django=django)
        for python, django in DJANGO_FOR.items()
        if python != mine
    ]


def _find(python: str) -> str:
    candidates = [shutil.which(f"python{python}") or ""]
    candidates += map(str, INSTALLED_BY_PYENV.glob(f"{python}.*/bin/python"))
    return next((one for one in candidates if one and _is(one, python)), "")


def _is(candidate: str, python: str) -> bool:
    """Ask the program itself: a shim may carry the name of a version that is not there."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([candidate, "-c", code], capture_output=True, text=True)
    return answer.stdout.strip() == python
