"""What a workflow author reads and writes. No database, no Django."""
