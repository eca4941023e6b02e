"""A Django app with functions to be watched in a browser."""
