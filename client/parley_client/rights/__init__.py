"""What a person may ask of their account as a whole."""
