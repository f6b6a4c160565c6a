"""Facts for the other services: an outbox in the same transaction as the change, and its publication."""
