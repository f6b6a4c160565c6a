"""What the Django services, auth and notification, are made of.

    config          what both ask of their environment
    databases       the settings of a PostgreSQL database
    commands        migrations, and work beside the requests
    server          gunicorn on a Unix socket
    middleware      a request id and one log line for each request, every error a problem
    problems        exceptions and answers of Django, ninja and drivers as problems
    bodies          strict JSON in and out

Invariant: nothing here imports FastAPI or Starlette, whose memory these services would pay for.
"""
