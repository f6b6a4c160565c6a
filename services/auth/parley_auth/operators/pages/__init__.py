"""The operators' pages: Django's admin at a path of its own, for who has a role and a second step.

    session         the pages' own session and cookie
    signing_in      name, password and code; leaving
    site            the pages themselves, and what stands on each
    accounts        accounts: the list, one account, and the acts
    log             the audit log, for reading
    telling         announcements, and the terms for reading

Invariant: every page asks for a role at that moment, every act goes through `operators.acts`, and no page shows what people
wrote, but for what they reported.
"""
