"""An account begun anew under another root key: by its person who has lost everything, and what the others' devices do then."""
