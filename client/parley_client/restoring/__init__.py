"""After the server was restored from a backup: asking the person, going back to what the log still holds, offering the rest again."""
