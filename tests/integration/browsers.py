"""Browsers of people who use the admin."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.test import Client


def staff(*permissions: str) -> Client:
    """Return the browser of a member of staff with these permissions."""
    user = User.objects.create_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client()
    browser.force_login(user)
    return browser


def get(browser: Client, path: str) -> str:
    """Return a page."""
    response = browser.get(path)
    assert response.status_code == 200, response
    return response.content.decode()
