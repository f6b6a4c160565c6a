"""What people show of themselves: a name, a few words, and a picture.

    showing         what a profile says, and what may be said in it
    pictures        making a picture anew: square, small, without metadata
    avatars         the picture of a person, in the object store
    storage         the object store, by django-storages
    api             the routes of pictures, and of many profiles at once

Invariant: no byte that somebody sent is ever served: a picture is decoded, drawn and encoded here, and its name is the hash of what
was made.
"""
