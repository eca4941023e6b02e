"""Values of a Python type, as plain JSON and back."""
