"""Recovery words: six words that stand for the recovery key, with the server's help (`docs/encryption.md`)."""
