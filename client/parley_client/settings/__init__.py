"""A person's own settings: marks of conversations, drafts and secrets of links, the same on all of their devices."""
