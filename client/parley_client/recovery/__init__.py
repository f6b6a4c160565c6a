"""What stands for the recovery key: six words, with the server's help, or a passkey (`docs/encryption.md`)."""
