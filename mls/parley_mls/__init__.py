"""RFC 9420 (Messaging Layer Security), sans-I/O: bytes in, bytes and new states out."""
