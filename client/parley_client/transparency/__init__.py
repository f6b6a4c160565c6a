"""The log of people's keys, as this device follows it, and what others say of it."""
