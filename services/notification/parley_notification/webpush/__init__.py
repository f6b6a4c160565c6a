"""Web Push: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (who sends), and the addresses that are never reached."""
