"""The gateway: nginx, configured from one route table."""

from parley_gateway.configuration import Settings, render

__all__ = ["Settings", "render"]
