"""The log of each conversation, applied strictly in sequence, and what it leaves on this device."""
