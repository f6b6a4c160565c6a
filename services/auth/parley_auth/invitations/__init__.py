"""Who may make an account: the operator's rules, and invitations."""
