"""The audit log: what operators did and what changed an account's safety, written once and chained.

    models          the rows, and the words for what was done
    origin          where the request that does it comes from
    chain           how each row's seal takes in the row before, and the search for what was changed
    recording       adding a row to the transaction that does the deed

Invariant: a row is never changed or removed by this service, and whoever does it elsewhere without the service's lasting
key breaks the chain.
"""
