"""What bodies look like: those that are sent, read strictly, and those that are answered."""
