"""The admin of the theme."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import path

if settings.THEME == "unfold":
    from unfold.sites import UnfoldAdminSite

    admin.site.__class__ = UnfoldAdminSite

urlpatterns = [path("admin/", admin.site.urls)]
