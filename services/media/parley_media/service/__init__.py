"""The use cases: announcing, completing, retrieving and expiring objects."""
