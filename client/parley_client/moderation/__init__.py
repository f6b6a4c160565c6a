"""What moderators did in a group or open channel, as this device read it from the log."""
