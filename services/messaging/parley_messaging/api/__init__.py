"""HTTP routes, the socket, and errors as problems."""
