"""Rules without I/O: entries, the state of a conversation, who owns it, how commits are judged."""
