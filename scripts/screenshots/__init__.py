"""Pictures of the admin in four themes, for the docs: `python -m scripts.screenshots`."""
