"""The benchmarks: each figure a ratio to its yardstick, taken in turns within one run."""
