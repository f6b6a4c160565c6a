"""History for newcomers: what was said in a private group before this device came in, where its policy shares that.

A member's device hands on nothing but the secrets of epochs (`giving`); the log itself comes from the server and is held to the
hash chain that this device came in with, each commit and each sender to what every other member judged (`reading`).
"""
