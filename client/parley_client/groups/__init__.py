"""Conversations as cryptographic groups: judging others' changes, making one's own, and coming in."""
