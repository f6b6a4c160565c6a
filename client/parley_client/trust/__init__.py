"""Whom a person has made sure of, by comparing safety numbers."""
