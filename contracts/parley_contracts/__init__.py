"""What Parley's rooms say to one another: identifiers, limits, problems, signed structures and wire types.

Invariant: no I/O, and nothing imported but the TLS codec of `parley_mls`; every other room may import this one.
"""
