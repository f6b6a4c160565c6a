"""MongoDB: the log, memberships, read positions and sealed records. Every unique index begins with its shard key."""
