"""Whether devices are their people's: the certificates of leaves that come in or are renewed, held to what those people have stated.

Invariant: nobody brings a device into a group in somebody's name, their own included, that this person's account has not certified
under the root key that the roster pins (C1). What a device must judge beyond that, who was locked out, takes the group's past.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from parley_contracts.encoding import b64encode
from parley_contracts.identity import CERTIFICATE_LABEL, AccountStatement, DeviceCertificate, root_fingerprint
from parley_contracts.ids import UserId
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import PolicyRefused
from parley_messaging.domain.conversation import PRIMITIVES
from parley_mls import is_torsion_free, verify_with_label


def check_certified(
    certificates: Iterable[DeviceCertificate],
    stated: Mapping[UserId, Sequence[AccountStatement]],
    policy: PolicyDocument,
) -> None:
    """Raise `PolicyRefused` unless each leads to a statement of its person under the root key that the policy pins."""
    pinned = {entry.user_id: entry.root_fingerprint for entry in policy.roster}
    for certificate in certificates:
        statement = _named_by(certificate, stated.get(certificate.user_id, ()))
        if statement is None or not _is_signed(certificate, statement.signing_key):
            raise PolicyRefused("a device's certificate does not lead to its person")
        if pinned.get(certificate.user_id) != b64encode(root_fingerprint(certificate.user_id, statement.root_key)):
            raise PolicyRefused("a device's certificate is under another root key than the roster pins")


def _named_by(certificate: DeviceCertificate, stated: Sequence[AccountStatement]) -> AccountStatement | None:
    return next((each for each in stated if each.version == certificate.statement_version), None)


def _is_signed(certificate: DeviceCertificate, signing_key: bytes) -> bool:
    signed, signature = certificate.to_be_signed(), certificate.signature
    return is_torsion_free(certificate.device_key) and verify_with_label(
        PRIMITIVES, signing_key, CERTIFICATE_LABEL, signed, signature
    )
