"""Settings of the tests: the demo site on the database that `tests.backends` chooses."""

from __future__ import annotations

import django

from project import settings as site
from tests import backends

SECRET_KEY = "for tests only"
DATABASES = backends.databases()
Q_CLUSTER = backends.cluster()

INSTALLED_APPS = [*site.INSTALLED_APPS, "rest_framework"]
MIDDLEWARE = site.MIDDLEWARE
TEMPLATES = site.TEMPLATES
BASE_DIR = site.BASE_DIR
ROOT_URLCONF = site.ROOT_URLCONF
STATIC_URL = site.STATIC_URL
DEFAULT_AUTO_FIELD = site.DEFAULT_AUTO_FIELD
USE_TZ = True

MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": MAIL_BACKEND}}
else:
    EMAIL_BACKEND = MAIL_BACKEND
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
