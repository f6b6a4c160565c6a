"""What can go wrong on a device besides the server's problems (`parley_contracts.problems`).

    ClientError
     ├─ NetworkError          no usable answer from the server; `kind` says why
     ├─ ProfileInUse          another process holds the profile
     ├─ ProfileLocked         its app lock is on: the passphrase opens it
     ├─ WrongPassphrase       it does not open the app lock
     ├─ TooManyTries          after wrong passphrases; `retry_after_s` says how long to wait
     ├─ WeakPassphrase        a passphrase that could be guessed, or is too long
     ├─ StoreDamaged          what the app lock sealed does not open; `code` says which part
     ├─ NotSignedIn           the profile has no account, or its session has ended
     ├─ AlreadySignedIn       the profile has an account
     ├─ RecoveryKeyRequired   a new device of an account needs the recovery key
     ├─ RecoveryPasskeyRefused  no passkey stands for the recovery key, or this one does not; `code` says which
     ├─ LinkRefused           linking a device failed its check: it has ended, and may be begun anew
     ├─ LockOutFailed         another own device changed the account's keys at the same time
     ├─ LinkOver              linking a device took too long, or was ended by the other one
     ├─ NoPasskey             the account has no passkey that could sign in
     ├─ UsageError            what was asked for makes no sense
     ├─ UnknownConversation   no conversation of that name or id on this device
     ├─ NotAMember            the person is not, or no longer, in the conversation
     │   └─ NotLetInYet       it knows the keys that this account had before it was begun anew
     ├─ NotReachable           the person has no device that could receive anything
     ├─ UntrustedIdentity     keys or certificates that do not lead to the pinned root key
     │   ├─ IdentityChanged   a person has another root key than before, and nobody here has accepted it
     │   └─ UntrustedLog      the log of people's keys has not what the server shows, or is not what it was
     ├─ PersonBlocked         this person has blocked the other one
     ├─ SafetyNumberDiffers   the number that somebody shows is not this device's
     ├─ UntrustedGroup        a commit, Welcome or policy document that breaks the group's rules
     │   └─ UntrustedLeaf     a device in it that does not lead to its person, or may not be there: no server can see that
     ├─ ConversationForked    the server showed two devices different logs: sending has stopped
     ├─ UnknownMessage        no such message in that conversation, or it was deleted
     ├─ NotPermitted          this person may not do that to this message
     ├─ UnknownAttachment     no such file in that message
     ├─ NotAPicture           the file cannot be read as the picture that it should be
     ├─ AttachmentChanged     the file changed while it was being sent; send it again
     └─ AttachmentBroken      what came is not the file that was sent; `code` says what did not hold

They are named like the problems, for what the caller meets. `slug` is for programs and append-only, like a problem's.
"""

from __future__ import annotations

from typing import ClassVar, Literal

NetworkErrorKind = Literal["unreachable", "timeout", "tls", "protocol"]
RecoveryPasskeyErrorCode = Literal["none", "malformed", "unopened"]
StoreErrorCode = Literal["wrap", "image", "journal"]
AttachmentErrorCode = Literal["descriptor", "size", "digest", "tag"]


class ClientError(Exception):
    """Base class; the argument is a sentence for people."""

    slug: ClassVar[str] = "client_error"


class NetworkError(ClientError):
    """The server gave no usable answer; whether it carried the request out is unknown."""

    slug = "network_error"

    def __init__(self, kind: NetworkErrorKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind: NetworkErrorKind = kind


class ProfileInUse(ClientError):  # noqa: N818
    """Another process has this profile open."""

    slug = "profile_in_use"


class ProfileLocked(ClientError):  # noqa: N818
    """The app lock is on."""

    slug = "profile_locked"


class WrongPassphrase(ClientError):  # noqa: N818
    """The passphrase does not open the app lock."""

    slug = "wrong_passphrase"


class TooManyTries(ClientError):  # noqa: N818
    """Passphrases were tried too quickly; none was looked at."""

    slug = "too_many_tries"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many wrong passphrases: try again in {retry_after_s} seconds")
        self.retry_after_s = retry_after_s


class WeakPassphrase(ClientError):  # noqa: N818
    """The passphrase is refused before it protects anything."""

    slug = "weak_passphrase"


class StoreDamaged(ClientError):  # noqa: N818
    """What the app lock sealed was changed, or is not whole."""

    slug = "store_damaged"

    def __init__(self, code: StoreErrorCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code: StoreErrorCode = code


class NotSignedIn(ClientError):  # noqa: N818
    """There is no account here, or its session has ended."""

    slug = "not_signed_in"


class AlreadySignedIn(ClientError):  # noqa: N818
    """The profile belongs to an account already."""

    slug = "already_signed_in"


class RecoveryKeyRequired(ClientError):  # noqa: N818
    """Only the recovery key lets a new device in."""

    slug = "recovery_key_required"


class NoPasskey(ClientError):  # noqa: N818
    """The account has no passkey, so there is nothing to ask one for."""

    slug = "no_passkey"


class RecoveryKeyRefused(ClientError):  # noqa: N818
    """The recovery key is mistyped, or belongs to another account."""

    slug = "recovery_key_refused"


class RecoveryPasskeyRefused(ClientError):  # noqa: N818
    """No passkey stands for the recovery key, or what it gave does not open what the server keeps; `code` says which."""

    slug = "recovery_passkey_refused"

    def __init__(self, code: RecoveryPasskeyErrorCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code: RecoveryPasskeyErrorCode = code


class LinkRefused(ClientError):  # noqa: N818
    """What came from the other device, or was typed of it, does not hold: somebody may stand between the two."""

    slug = "link_refused"


class LinkOver(ClientError):  # noqa: N818
    """The link's time is over, or the other device has ended it."""

    slug = "link_over"


class LockOutFailed(ClientError):  # noqa: N818
    """No device was locked out: the account's keys were changed by another device meanwhile."""

    slug = "lock_out_failed"


class UsageError(ClientError):
    """An argument makes no sense."""

    slug = "usage"


class UnknownConversation(ClientError):  # noqa: N818
    """This device knows no such conversation."""

    slug = "unknown_conversation"


class NotAMember(ClientError):  # noqa: N818
    """The person does not belong to the conversation."""

    slug = "not_a_member"


class NotLetInYet(NotAMember):
    """The conversation pins the root key that the account had before it was begun anew: somebody there must let the person in again."""

    slug = "not_let_in_yet"


class NotReachable(ClientError):  # noqa: N818
    """The person has no device yet that could receive anything."""

    slug = "not_reachable"


class UntrustedIdentity(ClientError):  # noqa: N818
    """Keys that do not lead to the root key pinned for a person."""

    slug = "untrusted_identity"


class IdentityChanged(UntrustedIdentity):
    """Somebody's account was begun anew under another root key, which this person has not accepted."""

    slug = "identity_changed"


class UntrustedLog(UntrustedIdentity):
    """The log of people's keys does not hold."""

    slug = "untrusted_log"


class PersonBlocked(ClientError):  # noqa: N818
    """Nothing is begun with somebody whom this person has blocked."""

    slug = "person_blocked"


class SafetyNumberDiffers(ClientError):  # noqa: N818
    """Two people do not have the same keys of each other."""

    slug = "safety_number_differs"


class UntrustedGroup(ClientError):  # noqa: N818
    """A change of a group that its own rules forbid; it is not applied."""

    slug = "untrusted_group"


class UntrustedLeaf(UntrustedGroup):
    """A device in a group that is not its person's, or that they have locked out. A server cannot see it, so others go around it."""


class ConversationForked(ClientError):  # noqa: N818
    """Somebody saw another log than this device; nothing more is sent there."""

    slug = "conversation_forked"


class ServerRestored(ClientError):  # noqa: N818
    """The server says that it was restored from a backup; its person has not agreed yet."""

    slug = "server_restored"


class UnknownMessage(ClientError):  # noqa: N818
    """The message is not there, or was deleted."""

    slug = "unknown_message"


class NotPermitted(ClientError):  # noqa: N818
    """The person may not do that to this message."""

    slug = "not_permitted"


class UnknownAttachment(ClientError):  # noqa: N818
    """The message is not there, or has no such file."""

    slug = "unknown_attachment"


class NotAPicture(ClientError):  # noqa: N818
    """The file that is to be sent or shown as a picture is none that this device can read."""

    slug = "not_a_picture"


class AttachmentChanged(ClientError):  # noqa: N818
    """The file is not any more what it was when its sending began."""

    slug = "attachment_changed"


class AttachmentBroken(ClientError):  # noqa: N818
    """A file that does not hold; nothing of it is shown."""

    slug = "attachment_broken"

    def __init__(self, code: AttachmentErrorCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code: AttachmentErrorCode = code
