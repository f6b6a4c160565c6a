"""What Parley's services are made of.

    environment     what every service asks of its environment
    commands        the command line
    logs            JSON lines on standard error
    request_ids     which id a request carries
    object_store    what the environment says of the object store
    fastapi         what the FastAPI services share besides
    django          what the Django services share besides

Invariant: it knows no service and no conversation, and of stores only the errors of their drivers; a service may import it
and contracts, and no other service. What needs a framework stands in that one's package, and nothing imports both.
"""
