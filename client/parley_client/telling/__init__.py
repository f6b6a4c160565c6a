"""What the server tells its people: announcements, and the terms that they are asked to agree to."""
