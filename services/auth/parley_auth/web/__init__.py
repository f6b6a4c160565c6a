"""What every route shares: request ids, problems, bodies, rate limits, and the check of service tokens."""
