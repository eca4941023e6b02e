"""Make it so: each module takes one thing and finishes it."""
