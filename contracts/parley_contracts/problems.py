"""Problems (RFC 9457): what a caller did or met and can act upon; one class each, raised by services and by the client.

    Problem
     ├─ InvalidRequest 400          ├─ Conflict 409
     │   ├─ WeakPassword            │   ├─ UsernameTaken, EmailTaken
     │   └─ WrongCode               │   │
     ├─ Unauthenticated 401         │   ├─ ClientIdReused
     │   ├─ WrongCredentials        │   ├─ EpochStale
     │   ├─ SecondFactorRequired    │   │
     │   ├─ ProviderRefused         │   │
     │   ├─ ProviderAccountMissing  │   │
     │   ├─ TokenExpired            │   ├─ ConversationExists
     │   └─ RefreshReused           │   ├─ VersionStale
     ├─ Forbidden 403               │   └─ UploadIncomplete
     │   ├─ DeviceRequired          ├─ TooLarge 413
     │   ├─ EmailUnverified         │
     │   ├─ SignInAgain             │
     │   ├─ SignUpRefused           ├─ RateLimited 429
     │   │   └─ InvitationRefused   │
     │   ├─ OriginRefused           │
     │   ├─ PolicyRefused           ├─ Internal 500
     │   │   └─ Muted               │
     │   └─ QuotaExceeded           └─ Unavailable 503
     ├─ NotFound 404                    └─ StorageFull 507
     └─ MethodNotAllowed 405

On the wire: `application/problem+json` with `type` = `urn:parley:problem:SLUG`, `title`, `status`, `detail`, and the
members in `extra`. Rule: slugs are append-only; a program reads nothing but the slug and the documented members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:parley:problem:"


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """Base class. `detail` is a sentence for people; `extra` holds members for programs."""

    slug: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request could not be carried out."

    def __init__(self, detail: str = "", *, retry_after_s: int | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after_s = retry_after_s
        self.extra = extra

    def to_dict(self) -> dict[str, Any]:
        """The JSON members of the problem."""
        members: dict[str, Any] = {
            "type": TYPE_PREFIX + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.retry_after_s is not None:
            members["retry_after_s"] = self.retry_after_s
        return members | self.extra


class InvalidRequest(Problem):
    """The request breaks its schema; `field` names the place where there is one."""

    slug = "invalid_request"
    status = 400
    title = "The request is not valid."


class WeakPassword(InvalidRequest):
    """The password is too short, too common or too like the name."""

    slug = "weak_password"
    title = "The password is too weak."


class WrongCode(InvalidRequest):
    """A code of a letter or of a second factor that is not, or no longer, good."""

    slug = "wrong_code"
    title = "This code is wrong, used or too old."


class Unauthenticated(Problem):
    """No token, or one that is not accepted."""

    slug = "unauthenticated"
    status = 401
    title = "Sign in first."


class WrongCredentials(Unauthenticated):
    """User name and password do not fit together."""

    slug = "wrong_credentials"
    title = "The user name or the password is wrong."


class SecondFactorRequired(Unauthenticated):
    """The password was right; `flow_token` goes on with a code, by `POST flows/app/v1/auth/2fa/authenticate`."""

    slug = "second_factor_required"
    title = "Give a code of your second factor, too."


class ProviderRefused(Unauthenticated):
    """What came back from an identity provider signs nobody in; what is wrong with it is not said."""

    slug = "provider_refused"
    title = "Signing in by this provider did not work; begin again."


class ProviderAccountMissing(Unauthenticated):
    """Who came back has no account here yet: `flow_token` makes one by `POST flows/app/v1/auth/provider/signup`."""

    slug = "provider_account_missing"
    title = "There is no account here for this one yet."


class TokenExpired(Unauthenticated):
    """The access token is past its time: refresh it."""

    slug = "token_expired"
    title = "The access token has expired."


class RefreshReused(Unauthenticated):
    """A refresh token came twice; its whole family has ended."""

    slug = "refresh_reused"
    title = "This session has ended; sign in again."


class Forbidden(Problem):
    """Known and not allowed."""

    slug = "forbidden"
    status = 403
    title = "This is not allowed."


class DeviceRequired(Forbidden):
    """The session has no registered device yet."""

    slug = "device_required"
    title = "Register this device first."


class SignInAgain(Forbidden):
    """What was asked for takes a recent sign-in: give the password (and code) again by `POST me/reauthenticate`."""

    slug = "sign_in_again"
    title = "Give your password again first."


class EmailUnverified(Forbidden):
    """This server asks people to confirm their e-mail address first."""

    slug = "email_unverified"
    title = "Confirm your e-mail address first."


class SignUpRefused(Forbidden):
    """This server's rules for new accounts (`GET sign-up`) do not let this one in."""

    slug = "sign_up_refused"
    title = "This server does not take new accounts in this way."


class InvitationRefused(SignUpRefused):
    """No invitation, or one that is wrong, used up, withdrawn or too old: which of these is not said."""

    slug = "invitation_refused"
    title = "This invitation is not good, or not any more."


class OriginRefused(Forbidden):
    """A browser of another origin."""

    slug = "origin_refused"
    title = "Requests from this origin are refused."


class PolicyRefused(Forbidden):
    """The conversation's policy does not allow it."""

    slug = "policy_refused"
    title = "The conversation's policy does not allow this."


class Muted(PolicyRefused):
    """Who says something here is muted: before `until` (Unix time in seconds), with null until they are unmuted."""

    slug = "muted"
    title = "You are muted in this conversation."


class QuotaExceeded(Forbidden):
    """The person's share of the object store is used up; `limit_bytes` says how large it is."""

    slug = "quota_exceeded"
    title = "Your space for files is used up."


class NotFound(Problem):
    """Absent, or not yours to see: the same answer (I6)."""

    slug = "not_found"
    status = 404
    title = "There is nothing here."


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    slug = "method_not_allowed"
    status = 405
    title = "This method is not offered here."


class Conflict(Problem):
    """The state has moved on."""

    slug = "conflict"
    status = 409
    title = "The request conflicts with the present state."


class UsernameTaken(Conflict):
    """Somebody has this user name."""

    slug = "username_taken"
    title = "This user name is taken."


class EmailTaken(Conflict):
    """An account with this address exists."""

    slug = "email_taken"
    title = "This e-mail address cannot be used."


class ClientIdReused(Conflict):
    """The same client id with another payload (I3)."""

    slug = "client_id_reused"
    title = "This client id was used for another entry."


class EpochStale(Conflict):
    """The group is in another epoch; members `epoch` and `head` say which, catch up and seal anew."""

    slug = "epoch_stale"
    title = "The conversation has moved to another epoch."


class ConversationExists(Conflict):
    """The conversation was created before, by another device."""

    slug = "conversation_exists"
    title = "The conversation exists already."


class VersionStale(Conflict):
    """A versioned document moved on; member `version` is the stored one."""

    slug = "version_stale"
    title = "A newer version is stored."


class UploadIncomplete(Conflict):
    """Parts are not there, or not of their size; `missing` holds their numbers, from 1."""

    slug = "upload_incomplete"
    title = "Parts of the upload are missing."


class TooLarge(Problem):
    """A limit of `parley_contracts.limits` is exceeded; `limit_bytes` says which."""

    slug = "too_large"
    status = 413
    title = "The request is too large."


class TooMany(Problem):
    """A limit of `parley_contracts.limits` on how many there may be is reached; `limit` says which."""

    slug = "too_many"
    status = 409
    title = "There are too many of these already."


class RateLimited(Problem):
    """Too often; `retry_after_s` says when again."""

    slug = "rate_limited"
    status = 429
    title = "Too many requests."


class Internal(Problem):
    """A bug: logged with the request id, nothing else told."""

    slug = "internal"
    status = 500
    title = "Something went wrong on the server."


class Unavailable(Problem):
    """A store or a service is away; nothing was acknowledged, try again."""

    slug = "unavailable"
    status = 503
    title = "The service is not available just now."


class StorageFull(Unavailable):
    """The server's disk has no room left; nothing was acknowledged, and what waits is taken once there is room again."""

    slug = "storage_full"
    status = 507
    title = "The server's disk is full."


def _family(base: type[Problem]) -> dict[str, type[Problem]]:
    found = {base.slug: base}
    for child in base.__subclasses__():
        found |= _family(child)
    return found


PROBLEMS: Mapping[str, type[Problem]] = _family(Problem)


def problem_from_dict(unverified_members: Mapping[str, Any]) -> Problem:
    """The problem behind its JSON members; an unknown type becomes the base class."""
    slug = str(unverified_members.get("type", "")).removeprefix(TYPE_PREFIX)
    known = {"type", "title", "status", "detail", "retry_after_s"}
    retry_after_s = unverified_members.get("retry_after_s")
    return PROBLEMS.get(slug, Problem)(
        str(unverified_members.get("detail", "")),
        retry_after_s=retry_after_s if isinstance(retry_after_s, int) else None,
        **{str(key): value for key, value in unverified_members.items() if key not in known},
    )
