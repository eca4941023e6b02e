"""The functions of all scenarios, where durable looks for those of an app."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

for found in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if found.name.startswith("s") and found.name[1:3].isdigit():
        import_module(f"tests.scenarios.{found.name}")
