"""Parley's messaging service: conversations, the message log, MLS delivery and the socket.

    main        wires everything          api       routes, the socket, problems
    service     use cases                 ports     what they need of the outside
    adapters    mongo, redis, auth        domain    rules without I/O

Invariants I1-I3, I5-I8 of ARCHITECTURE.md are this service's to keep.
"""
