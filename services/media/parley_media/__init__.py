"""Parley's media service: sealed objects, which it can neither open nor see pass by.

    main → api → service → ports ← adapters; domain holds rules with no I/O.

Invariants: an object counts as stored only when all of its bytes are (promise 5); only who may see its conversation
may fetch it, and everybody else gets the answer that an absent one gets (I6); a person's objects stay within the quota.
"""
