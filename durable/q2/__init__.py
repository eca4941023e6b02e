"""django-q2: our broker, the cluster hardened, and the only code (with wake/hint) that knows it."""
