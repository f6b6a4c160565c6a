"""How people stand to each other: whom somebody has blocked, and who may find whom.

Invariant: whoever is blocked hears what they would hear if nobody were there; of whom somebody has blocked, only that person
and the services are told.
"""
