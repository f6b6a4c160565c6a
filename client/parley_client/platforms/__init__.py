"""What differs between CPython and a browser: the database, the network, the primitives. `cpython` and `browser` wire them."""
