"""What a person may ask of their account as a whole.

models          accounts that are to go or are gone, and names that nobody takes again, archives
deleting        asking for it, taking it back
erasing         what goes here, and what stays
objects         what lies in the object store
verifying       asking the other services whether anything is left
exporting       archives: asking for one, making it, giving it, letting it go
gathering       what is in one
sealing         how it lies in the object store
worker          the work behind it
"""
