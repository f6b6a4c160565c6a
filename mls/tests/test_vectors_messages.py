"""RFC 9420's official vectors for messages: serialisation, protection, Welcome, and passive clients."""

from collections.abc import Callable
from typing import Any

import pytest

from parley_mls import (
    SUITE,
    CommitProcessed,
    FramingError,
    Group,
    KeyPackage,
    KeyPackageBundle,
    KeyPackageError,
    MlsError,
    default_primitives,
)
from parley_mls.codec import Writer, decode
from parley_mls.framing import (
    AuthenticatedContent,
    FramedContent,
    PublicMessage,
    Sender,
    SenderType,
    protect_public,
    sign_content,
)
from parley_mls.group_context import GroupContext
from parley_mls.group_info import GroupInfo
from parley_mls.labels import verify_with_label
from parley_mls.private_message import PrivateMessage, seal_private
from parley_mls.proposals import Commit, read_proposal, write_proposal
from parley_mls.public_group import check_address
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.secret_tree import leaf_secret, ratchet_key
from parley_mls.transition import PublicState
from parley_mls.welcome import GroupSecrets, Welcome, open_welcome
from parley_mls.wire import WireFormat

Vectors = Callable[[str], Any]
P = default_primitives()
unhex = bytes.fromhex
PROPOSALS = ("add", "update", "remove", "pre_shared_key", "re_init", "external_init", "group_context_extensions")


def test_messages_keep_their_bytes(vectors: Vectors):
    for case in vectors("mls/messages"):
        message = {name: unhex(value) for name, value in case.items()}
        if message["mls_key_package"][6:8] != SUITE.to_bytes(2, "big"):
            check_other_suite_is_refused(message)
            continue
        assert Welcome.from_bytes(message["mls_welcome"]).to_bytes() == message["mls_welcome"]
        assert GroupInfo.from_bytes(message["mls_group_info"]).to_bytes() == message["mls_group_info"]
        assert KeyPackage.from_bytes(message["mls_key_package"]).to_bytes() == message["mls_key_package"]
        assert decode(message["ratchet_tree"], RatchetTree.read).encode() == message["ratchet_tree"]
        assert decode(message["group_secrets"], GroupSecrets.read).encode() == message["group_secrets"]
        assert PrivateMessage.from_bytes(message["private_message"]).to_bytes() == message["private_message"]
        writer = Writer()
        decode(message["commit"], Commit.read).write(writer)
        assert writer.finish() == message["commit"]
        for proposal_type, name in enumerate(PROPOSALS, start=1):
            typed = Writer().uint16(proposal_type).raw(message[f"{name}_proposal"]).finish()
            writer = Writer()
            write_proposal(writer, decode(typed, read_proposal))
            assert writer.finish() == typed
        for name in ("application", "proposal", "commit"):
            data = message[f"public_message_{name}"]
            assert PublicMessage.from_bytes(data).to_bytes() == data


def check_other_suite_is_refused(message: dict[str, bytes]) -> None:
    with pytest.raises(KeyPackageError, match="another version or suite"):
        KeyPackage.from_bytes(message["mls_key_package"])
    with pytest.raises(MlsError):
        Welcome.from_bytes(message["mls_welcome"])


def test_application_data_is_never_public(vectors: Vectors):
    message = PublicMessage.from_bytes(unhex(vectors("mls/messages")[0]["public_message_application"]))
    content = message.authenticated.content
    state = PublicState(GroupContext(content.group_id, content.epoch, b"", b"", ()), RatchetTree([None]), b"")
    with pytest.raises(FramingError, match="application data"):
        check_address(state, message)


def test_message_protection(vectors: Vectors):
    for case in vectors("mls/message-protection"):
        context = GroupContext(
            unhex(case["group_id"]),
            case["epoch"],
            unhex(case["tree_hash"]),
            unhex(case["confirmed_transcript_hash"]),
            (),
        ).encode()
        for kind in ("proposal", "commit", "application"):
            check_private(case, kind, context)
            if kind != "application":
                check_public(case, kind, context)


def body_bytes(authenticated: AuthenticatedContent) -> str:
    body = authenticated.content.body
    writer = Writer()
    if isinstance(body, bytes):
        return body.hex()
    if isinstance(body, Commit):
        body.write(writer)
    else:
        write_proposal(writer, body)
    return writer.finish().hex()


def check_public(case: dict[str, Any], kind: str, context: bytes) -> None:
    message = PublicMessage.from_bytes(unhex(case[f"{kind}_pub"]))
    assert message.authenticated.verify(P, unhex(case["signature_pub"]), context)
    message.check_membership(P, unhex(case["membership_key"]), context)
    assert body_bytes(message.authenticated) == case[kind]
    with pytest.raises(FramingError):
        message.check_membership(P, bytes(32), context)
    again = protect_public(P, message.authenticated, unhex(case["membership_key"]), context)
    assert again.to_bytes().hex() == case[f"{kind}_pub"]


def check_private(case: dict[str, Any], kind: str, context: bytes) -> None:
    def keys(leaf: int, ratchet: Any, generation: int) -> Any:
        secret = leaf_secret(P, unhex(case["encryption_secret"]), leaf, 2)
        return ratchet_key(P, secret, ratchet, generation)

    sender_data = unhex(case["sender_data_secret"])
    opened = PrivateMessage.from_bytes(unhex(case[f"{kind}_priv"])).open(P, sender_data, keys)
    assert opened.verify(P, unhex(case["signature_pub"]), context)
    assert body_bytes(opened) == case[kind]
    content = FramedContent(
        unhex(case["group_id"]), case["epoch"], Sender(SenderType.MEMBER, 1), b"data", opened.content.body
    )
    signed = sign_content(P, WireFormat.PRIVATE_MESSAGE, content, unhex(case["signature_priv"]), context)
    ratchet = "application" if kind == "application" else "handshake"
    sealed = seal_private(P, signed, sender_data, keys(1, ratchet, 3), 3).to_bytes()
    assert PrivateMessage.from_bytes(sealed).open(P, sender_data, keys).content == content
    with pytest.raises(FramingError):
        PrivateMessage.from_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1])).open(P, sender_data, keys)


def test_welcome(vectors: Vectors):
    for case in vectors("mls/welcome"):
        package = KeyPackage.from_bytes(unhex(case["key_package"]))
        bundle = KeyPackageBundle(package, unhex(case["init_priv"]), b"")
        opened = open_welcome(P, Welcome.from_bytes(unhex(case["welcome"])), bundle, lambda _: None)
        info = opened.group_info
        tbs = info.encode()[: -len(Writer().opaque(info.signature).finish())]
        assert verify_with_label(P, unhex(case["signer_pub"]), "GroupInfoTBS", tbs, info.signature)


@pytest.mark.parametrize("name", ["welcome", "handling-commit", "random"])
def test_passive_client(vectors: Vectors, name: str):
    for case in vectors(f"mls/passive-client-{name}"):
        bundle = KeyPackageBundle(
            KeyPackage.from_bytes(unhex(case["key_package"])), unhex(case["init_priv"]), unhex(case["encryption_priv"])
        )
        psks = {unhex(c["psk_id"]): unhex(c["psk"]) for c in case["external_psks"]}
        tree = unhex(case["ratchet_tree"]) if case["ratchet_tree"] else None
        seed = unhex(case["signature_priv"])
        group = Group.join(P, unhex(case["welcome"]), bundle, seed, ratchet_tree=tree, psks=psks)
        assert group.epoch_authenticator.hex() == case["initial_epoch_authenticator"]
        for epoch in case["epochs"]:
            for proposal in epoch["proposals"]:
                group = group.process(P, unhex(proposal)).group
            processed = group.process(P, unhex(epoch["commit"]), psks=psks)
            assert isinstance(processed, CommitProcessed)
            group = Group.from_bytes(processed.group.to_bytes())
            assert group.epoch_authenticator.hex() == epoch["epoch_authenticator"]
