"""Second factors: codes of an authenticator app (RFC 6238), passkeys (WebAuthn) and recovery codes, kept and checked by allauth."""
