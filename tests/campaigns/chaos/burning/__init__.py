"""A Django app whose functions mark each body in a file, and each atomic effect in a row."""
