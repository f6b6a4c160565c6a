"""What the server tells its people: announcements, and the terms that it asks them to agree to.

    models          both, and who agreed to which
    announcements   making, listing and withdrawing them
    terms           publishing them, and agreeing
    api             the routes

Invariant: a version of the terms is never changed: whoever agreed, agreed to that text. Agreeing is asked for by people's apps; who
does not is refused nothing by the server, which tells operators how many have.
"""
