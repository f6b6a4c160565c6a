"""The gateway: nginx, configured from one route table; the web app's files, and the API's documents."""

from parley_gateway import documents
from parley_gateway.configuration import ObjectStore, Settings, render

__all__ = ["ObjectStore", "Settings", "documents", "render"]
