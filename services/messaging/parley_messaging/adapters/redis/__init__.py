"""Redis: which nodes live, and the channels between them. Losing all of it loses no entry (I5)."""
