"""Settings for the type checker alone."""
