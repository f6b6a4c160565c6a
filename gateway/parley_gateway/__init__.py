"""The gateway: nginx, configured from one route table."""

from parley_gateway.configuration import ObjectStore, Settings, render

__all__ = ["ObjectStore", "Settings", "render"]
