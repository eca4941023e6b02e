"""C: real clusters under fire. `burning` is what they run, `workload` what clients ask for, `fire` the faults."""
