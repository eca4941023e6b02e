"""A cluster that cannot start is not tried for ever, and one that can says what it knows."""

from __future__ import annotations

from pathlib import Path

import pytest

import durable
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = "from tests.acceptance.settings import *\n"
BREAKS_IN_THE_CLUSTER = """
import sys

if "durable_worker" not in sys.argv:
    raise ImportError("the shop is closed")
"""


def site(folder: Path, settings: str, workflows: str = "") -> Cluster:
    """Start a worker in a site with an app of its own."""
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "workflows.py").write_text(workflows)
    (folder / "shop_settings.py").write_text(SETTINGS + settings)
    return Cluster(DJANGO_SETTINGS_MODULE="shop_settings", PYTHONPATH=str(folder))


def test_broken_workflows_are_given_up_with_the_error(tmp_path: Path) -> None:
    with site(tmp_path, 'INSTALLED_APPS += ["shop"]', BREAKS_IN_THE_CLUSTER) as cluster:
        assert cluster.wait() == 1, cluster.explain()
        eventually(lambda: "start the worker again" in cluster.said, cluster.explain)
        assert "The last error was: ImportError: the shop is closed" in cluster.said
        assert cluster.said.count("starting another cluster") == 2
        assert not cluster.survivors()


def test_wrong_cluster_setting_is_refused_with_the_error(tmp_path: Path) -> None:
    with site(tmp_path, 'Q_CLUSTER |= {"broker_class": "shop.brokers.Gone"}') as cluster:
        assert cluster.wait() == 1, cluster.explain()
        eventually(lambda: "durable.E014" in cluster.said, cluster.explain)
        assert "'shop.brokers.Gone', which cannot be imported" in cluster.said
        assert not cluster.survivors()


def test_cluster_that_cannot_start_is_given_up_with_the_error(tmp_path: Path) -> None:
    with site(
        tmp_path,
        'Q_CLUSTER |= {"broker_class": "shop.brokers.Gone"}\n'
        'SILENCED_SYSTEM_CHECKS = ["durable.E014"]',
    ) as cluster:
        assert cluster.wait() == 1, cluster.explain()
        eventually(lambda: "start the worker again" in cluster.said, cluster.explain)
        assert "The last error was: ModuleNotFoundError: No module named 'shop.b" in cluster.said
        assert not cluster.survivors()


@pytest.mark.usefixtures("functions")
def test_finished_run_is_seen_on_the_terminal_under_debug(tmp_path: Path, journal: Journal) -> None:
    with site(tmp_path, "DEBUG = True") as cluster:
        cluster.wait_until_ready()
        durable.send(durable.Event(name="acceptance/ping", data={"journal": journal.path}))
        eventually(lambda: " of ping completed in " in cluster.said, cluster.explain)


def test_worker_without_functions_says_where_to_write_them(tmp_path: Path) -> None:
    with site(tmp_path, 'DURABLE |= {"MODULE": "flows"}') as cluster:
        cluster.wait_until_ready()
        assert "workers ready, no functions, " in cluster.said
        assert "Write one in a file flows.py of an app in INSTALLED_APPS" in cluster.said
