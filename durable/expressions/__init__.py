"""Conditions on events, in a small part of CEL. No Django, and nothing here reads a clock."""
