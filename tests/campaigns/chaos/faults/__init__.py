"""C1 to C12: one file for each kind of fault. A strike does one thing, once, and notes it."""
