"""Commits that cannot be used: reported by devices, and gone around by a reset of the group."""
