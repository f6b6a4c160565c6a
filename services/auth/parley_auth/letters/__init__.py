"""Letters to people by e-mail: asked for in the transaction that gives cause, written and sent by a worker."""
