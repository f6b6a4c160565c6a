"""Who may make an account at a server, and the invitations that a member makes."""
