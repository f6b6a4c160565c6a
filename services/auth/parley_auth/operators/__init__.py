"""Those who run the server: their roles, what each may do, and the acts themselves.

    roles           who has which role, and what it may do
    models          the table of roles
    acts            what operators do to accounts, each audited
    people          accounts as operators see them
    neighbours      quotas of media, reports of messaging
    command         the same for who owns the machine, by `./parley user` and `./parley audit`

Invariant: no act shows what people wrote, but for what they reported, and none sets a password or opens encrypted history.
"""
