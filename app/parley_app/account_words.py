"""What people read about the second step of signing in."""

from __future__ import annotations

from typing import Final

# Signing in by a second step.
CODE_TITLE: Final = "One more step"
CODE_LEAD: Final = "Your account asks for a second step when you sign in on a new device."
CODE_FIELD: Final = "Code from your authenticator app, or a recovery code"
CODE_HELP: Final = "Each code works once. A recovery code is one of those you kept when you switched this on."
CODE_BUTTON: Final = "Continue"
CODE_WRONG: Final = "This code is wrong, was used, or is too old. Wait for the next one, or use a recovery code."
SIGN_IN_ENDED: Final = "Signing in took too long. Give your password once more."
