"""The app lock: a passphrase in front of all that a device keeps (decisions/0030). Locking a lost device out is `lockout`."""
