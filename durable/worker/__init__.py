"""What keeps running: the loop that claims work, its leases, timers, and supervision."""
