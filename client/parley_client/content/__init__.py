"""What stands inside the encryption: the kinds of entries, their bodies, and what later ones make of earlier ones."""
