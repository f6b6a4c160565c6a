"""The server as the client core sees it: requests, tokens, and one function for each endpoint."""
