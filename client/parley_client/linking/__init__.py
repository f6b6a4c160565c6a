"""Linking: how a device of a person makes another one theirs, without the recovery key."""
