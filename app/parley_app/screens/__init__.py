"""The screens: each draws a part of the model and lets people act on it."""
