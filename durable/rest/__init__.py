"""The HTTP API, for sites with Django REST framework. Nothing else of durable imports it."""
