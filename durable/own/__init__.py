"""Functions of durable's own, on the same engine as those of the site."""
