"""The routes: callers, bodies, answers; no rule of their own."""
