"""A stranger's first five minutes: an empty environment, an empty site, the wheel."""

from __future__ import annotations

import pytest

from scripts import try_wheel


@pytest.mark.sqlite
def test_the_wheel_works_in_an_empty_site(capfd: pytest.CaptureFixture[str]) -> None:
    assert try_wheel.main([]) == 0, capfd.readouterr().out
