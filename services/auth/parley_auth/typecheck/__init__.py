"""For the type checker alone: django-stubs reads the models through Django, and Django wants settings."""
