"""What an object is, with no I/O."""
