"""What stands between the wire and the routes: callers, bodies, problems, request ids, rates."""
