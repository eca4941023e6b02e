"""Who may come in over the API: keys, what they may do, and requests that count once."""
