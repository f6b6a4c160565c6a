"""From the event that a message was stored to the push that tells a device of it."""
