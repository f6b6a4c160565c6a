"""Signed-in devices: sessions, refresh token families, access tokens, and the check of who speaks."""
