"""The keys of an account and the sealing of everything private: pure functions, bytes in and bytes out.

Errors, one closed family per operation, all of them `ValueError`:

    RecoveryKeyError    text that is no recovery key
    VaultError          a vault that is old, foreign or damaged, or another recovery key
    IdentityError       statements that do not lead to the known root key
    CertificateError    a device certificate that does not lead to its statement
    HistoryKeyError     a sealed history key that does not open
    ArchiveError        an archive record that does not open or says something else than its place
    AccountIndexError   an account index that does not open
    MessageError        a message that does not open; `code` says why
"""
