"""One codec per byte format, both directions, no I/O."""
