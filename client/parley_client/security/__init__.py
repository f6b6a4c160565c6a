"""A person's account itself: address, password, second factors, sessions."""
