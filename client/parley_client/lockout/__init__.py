"""Locking a lost device out: new keys of the account, which it never learns, and its leaves out of all groups."""
