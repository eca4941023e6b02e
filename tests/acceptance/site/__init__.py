"""A Django app with functions and tasks whose bodies leave marks in a file, for clusters under test."""
