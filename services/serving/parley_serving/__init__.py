"""What every FastAPI service of Parley is made of.

    access_tokens   who calls: tokens of auth verified here, revocations read from auth
    requests        bodies and identifiers within their limits
    problems        every error as problem+json, a request id on every answer
    logs            JSON lines on standard error

Invariant: it knows no service, no store and no conversation; a service may import it and contracts, and no other service.
"""
