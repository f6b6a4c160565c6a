"""Use cases over the ports: the log, reading, fan-out, sealed personal records."""
