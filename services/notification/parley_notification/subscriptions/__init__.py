"""Where devices take pushes, and of which conversations people want to hear."""
