"""What the FastAPI services, messaging and media, are made of.

    config          what both ask of their environment
    commands        the command line over MongoDB
    mongo           a database, with time-outs and majorities
    server          the application, and the Unix socket that it is served on
    access_tokens   who calls: tokens of auth verified here, revocations read from auth
    requests        bodies and identifiers within their limits
    internal        what every node answers other services
    deletions       accounts that are gone, read from auth
    problems        every error as problem+json, a request id on every answer

Invariant: nothing here imports Django.
"""
