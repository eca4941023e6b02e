"""The admin of the theme."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path
from django.utils.module_loading import import_string

from scripts.screenshots.settings import THEME

if THEME == "unfold":
    admin.site.__class__ = import_string("unfold.sites.UnfoldAdminSite")

urlpatterns = [path("admin/", admin.site.urls)]
