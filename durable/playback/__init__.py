"""What happens next, as values: given what is remembered, call the function and say what it asked for."""
