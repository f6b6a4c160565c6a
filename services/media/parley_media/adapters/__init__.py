"""What the ports are made of here: MongoDB, S3, and messaging over its Unix sockets."""
