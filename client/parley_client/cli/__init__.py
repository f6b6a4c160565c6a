"""The command line and JSON-RPC: words and JSON around `Client`, no logic of their own."""
