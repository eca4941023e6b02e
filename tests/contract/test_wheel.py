"""The wheel holds all of durable and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from scripts.bootstrap import ROOT
from scripts.try_wheel import build


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with zipfile.ZipFile(build(tmp_path_factory.mktemp("dist"))) as wheel:
        return set(wheel.namelist())


def test_every_file_of_the_package_is_in_the_wheel(names: set[str]) -> None:
    package = (path for path in (ROOT / "durable").rglob("*") if path.is_file())
    expected = {str(path.relative_to(ROOT)) for path in package if _is_source(path)}
    assert expected - names == set()


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "durable",
        "django_durable_workflows",
    }


@pytest.mark.parametrize("ending", ["/py.typed", "/migrations/0001_initial.py", "licenses/LICENSE"])
def test_what_must_travel_travels(names: set[str], ending: str) -> None:
    assert any(name.endswith(ending) for name in names)


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts
