"""What somebody outside checks of a server: the log of people's keys, as auditor or witness, and the web app that it serves.

Nothing here belongs to an instance: it runs on any machine, and believes the server nothing.
"""
