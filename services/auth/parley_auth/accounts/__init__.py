"""Who a person is: user name, e-mail address, password, display name; signing up and signing in."""
