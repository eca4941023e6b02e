"""Twelve scenarios, each as a site would write it, and what must not go wrong in it."""
