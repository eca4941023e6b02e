"""The demo site under one theme of the admin, on a database of its own."""

from __future__ import annotations

import os

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS as SITE_APPS

_THEMES = {
    "stock": [],
    "unfold": ["unfold"],
    "jazzmin": ["jazzmin"],
    "admin-interface": ["admin_interface", "colorfield"],
}

THEME = os.environ.get("THEME", "stock")
INSTALLED_APPS = [*_THEMES[THEME], *SITE_APPS, "scripts.screenshots"]
ROOT_URLCONF = "scripts.screenshots.urls"
DEBUG = True
SILENCED_SYSTEM_CHECKS = ["security.W019"]
X_FRAME_OPTIONS = "SAMEORIGIN"
# Neither follows the browser's scheme unless it is told to.
JAZZMIN_UI_TWEAKS = {"theme": "default", "dark_mode_theme": "darkly"}
