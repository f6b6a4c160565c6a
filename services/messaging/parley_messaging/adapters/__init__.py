"""The ports' implementations, named after their technology."""
