"""Closed families of errors, one per operation; a caller need catch no other exception for untrusted bytes.

MlsError
 ├─ CryptoError        a primitive refused: wrong key, tag or signature
 ├─ KeyPackageError    a key package breaks RFC 9420 section 10.1
 ├─ TreeError          a ratchet tree breaks section 7.9 or 12.4.3.1
 ├─ ProposalError      a proposal or list of proposals breaks section 12.1 or 12.2
 ├─ CommitError        a commit breaks section 12.4.2
 │   ├─ WrongEpoch     it belongs to another epoch
 │   └─ PolicyRefused  the application's hook said no
 ├─ WelcomeError       a Welcome breaks section 12.4.3.1
 ├─ GroupInfoError     a GroupInfo is not what it claims
 ├─ FramingError       a message breaks section 6
 └─ StateError         a stored state is not one
"""


class MlsError(Exception):
    """Base class; the argument is a sentence for developers, never a secret."""


class CryptoError(MlsError):
    """A primitive refused its input: wrong key, tag, signature or point."""


class KeyPackageError(MlsError):
    """A key package breaks RFC 9420 section 10.1."""


class TreeError(MlsError):
    """A ratchet tree breaks RFC 9420 section 7.9 or 12.4.3.1."""


class ProposalError(MlsError):
    """A proposal, or a list of them, breaks RFC 9420 section 12.1 or 12.2."""


class CommitError(MlsError):
    """A commit breaks RFC 9420 section 12.4.2."""


class WrongEpoch(CommitError):  # noqa: N818 - read as a state, not as a fault
    """The message belongs to another epoch of the group."""


class PolicyRefused(CommitError):  # noqa: N818 - read as an answer, not as a fault
    """The application's hook refused the change."""


class WelcomeError(MlsError):
    """A Welcome breaks RFC 9420 section 12.4.3.1, or is not for us."""


class GroupInfoError(MlsError):
    """A GroupInfo is not what it claims."""


class FramingError(MlsError):
    """A message breaks RFC 9420 section 6."""


class StateError(MlsError):
    """A stored state is damaged or of an unknown version."""
