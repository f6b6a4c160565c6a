"""What Parley's services are made of.

    logs            JSON lines on standard error
    fastapi         what the FastAPI services share besides

Invariant: it knows no service, no store and no conversation; a service may import it and contracts, and no other service.
"""
