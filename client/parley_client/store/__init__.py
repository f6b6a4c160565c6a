"""What a device remembers: accounts and keys, conversations, the applied log, and everything that waits to be sent.

Invariant: whatever must survive a crash is here before the network hears of it.
"""
