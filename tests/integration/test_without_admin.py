from __future__ import annotations

import subprocess
import sys

SITE = """
import sys
from django.conf import settings
settings.configure(
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_q", "durable"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:",
                           "OPTIONS": {"transaction_mode": "IMMEDIATE"}}},
    Q_CLUSTER={"orm": "default", "timeout": 90, "retry": 120},
)
import django
django.setup()
from django.core.management import call_command
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)
call_command("durable_send", "a/b", verbosity=0)
call_command("durable_list")
assert "django.contrib.admin" not in sys.modules, "the admin was imported"
assert "rest_framework" not in sys.modules, "REST framework was imported"
"""


def test_app_works_on_a_site_without_the_admin() -> None:
    done = subprocess.run([sys.executable, "-c", SITE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "No runs." in done.stdout
