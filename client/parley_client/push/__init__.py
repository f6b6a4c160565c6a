"""Notifications with real text while nothing runs: the device's push key, the secrets sealed to it, what opens a push.

Invariant: an epoch secret leaves the device only sealed to a push key that the leaf of a member's device carries.
"""
