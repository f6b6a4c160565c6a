"""Requests to addresses that people give: where they may go, and carrying one there."""
