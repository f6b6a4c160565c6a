"""RFC 9420 (Messaging Layer Security), sans-I/O: bytes in, bytes and new states out.

    primitives, ed25519, suite      what lies below; one platform's back end behind an interface
    labels, hpke                    labelled signatures, derivations, public-key encryption
    codec, wire, extensions, leaf_node, key_package, proposals, framing, group_context, group_info, welcome
    tree_math, ratchet_tree, tree_validation, treekem, key_schedule, psk
    x25519, grease                  which keys may stand in a tree; values that nobody knows
    transition                      what proposals do to a group, and the rules for them
    selecting                       which proposals sent by reference a commit takes up
    public_group                    following a group without its secrets
    member_state, founding, joining, committing, advancing, group      a member
    succession, linking             groups that follow from others: branches, re-initialisations

The errors are in `parley_mls.errors`; a caller need catch nothing but `MlsError` for untrusted bytes.
"""

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.ed25519 import is_torsion_free
from parley_mls.errors import (
    CommitError,
    CryptoError,
    FramingError,
    GroupInfoError,
    KeyPackageError,
    MlsError,
    PolicyRefused,
    ProposalError,
    StateError,
    TreeError,
    WelcomeError,
    WrongEpoch,
)
from parley_mls.extensions import LAST_RESORT, Extension, find_extension
from parley_mls.group import CommitProcessed, CommitResult, Group, ProposalProcessed, ProposalResult
from parley_mls.group_info import group_info_extensions, group_info_leaves, group_info_signatures
from parley_mls.joining import Joining
from parley_mls.key_package import KeyPackage, KeyPackageBundle, create_key_package
from parley_mls.labels import (
    expand_with_label,
    generate_hpke_key,
    generate_signature_key,
    hpke_open,
    hpke_seal,
    labelled_check,
    sign_with_label,
    verify_with_label,
)
from parley_mls.leaf_node import LeafNode, Lifetime
from parley_mls.linking import branch_group, reinitialised_group
from parley_mls.primitives import Primitives, SignatureCheck, default_primitives
from parley_mls.proposals import ReInit
from parley_mls.psk import PskId, PskType, ResumptionUsage
from parley_mls.public_group import PublicCommitProcessed, PublicGroup, PublicProposalProcessed, handshake_group_id
from parley_mls.succession import Predecessor
from parley_mls.suite import SUITE, CipherSuite
from parley_mls.transition import Changes, Hook, PublicState
from parley_mls.welcome import welcome_key_package_refs

__all__ = [
    "LAST_RESORT",
    "SUITE",
    "Changes",
    "CipherSuite",
    "CommitError",
    "CommitProcessed",
    "CommitResult",
    "CryptoError",
    "DecodeError",
    "Extension",
    "FramingError",
    "Group",
    "GroupInfoError",
    "Hook",
    "Joining",
    "KeyPackage",
    "KeyPackageBundle",
    "KeyPackageError",
    "LeafNode",
    "Lifetime",
    "MlsError",
    "PolicyRefused",
    "Predecessor",
    "Primitives",
    "ProposalError",
    "ProposalProcessed",
    "ProposalResult",
    "PskId",
    "PskType",
    "PublicCommitProcessed",
    "PublicGroup",
    "PublicProposalProcessed",
    "PublicState",
    "ReInit",
    "Reader",
    "ResumptionUsage",
    "SignatureCheck",
    "StateError",
    "TreeError",
    "WelcomeError",
    "Writer",
    "WrongEpoch",
    "branch_group",
    "create_key_package",
    "decode",
    "default_primitives",
    "expand_with_label",
    "find_extension",
    "generate_hpke_key",
    "generate_signature_key",
    "group_info_extensions",
    "group_info_leaves",
    "group_info_signatures",
    "handshake_group_id",
    "hpke_open",
    "hpke_seal",
    "is_torsion_free",
    "labelled_check",
    "reinitialised_group",
    "sign_with_label",
    "verify_with_label",
    "welcome_key_package_refs",
]
