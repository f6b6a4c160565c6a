"""The directory of keys: account statements, vaults, certified devices, key packages."""
