"""What every route shares: rate limits, labels, idempotency keys, and the check of service tokens."""
