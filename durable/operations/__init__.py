"""What people and programs do to runs and functions by hand, and what they see of them."""
