"""How this person stands to others: contacts, requests of strangers, blocks, and being found."""
