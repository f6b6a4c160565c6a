"""RFC 9420's official vectors for ratchet trees: operations, validation, TreeKEM."""

from collections.abc import Callable
from typing import Any

from parley_mls import default_primitives
from parley_mls.codec import decode
from parley_mls.extensions import Extension
from parley_mls.framing import Sender, SenderType
from parley_mls.group_context import GroupContext
from parley_mls.proposals import read_proposal
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.transition import PublicState, apply_proposals
from parley_mls.tree_validation import validate_tree
from parley_mls.treekem import UpdatePath, make_path, merge_path, node_key_pair, open_path, private_path, seal_path

Vectors = Callable[[str], Any]
P = default_primitives()
unhex = bytes.fromhex


def test_tree_operations(vectors: Vectors):
    for case in vectors("mls/tree-operations"):
        before = decode(unhex(case["tree_before"]), RatchetTree.read)
        assert before.tree_hash(P).hex() == case["tree_hash_before"]
        proposal = decode(unhex(case["proposal"]), read_proposal)
        state = PublicState(GroupContext(b"", 0, b"", b"", ()), before, b"")
        tree = before.copy()
        name = type(proposal).__name__
        if name == "Add":
            tree.add(proposal.key_package.leaf)
        elif name == "Update":
            tree.update(case["proposal_sender"], proposal.leaf)
        else:
            sender = Sender(SenderType.MEMBER, case["proposal_sender"])
            tree = apply_proposals(P, state, [(sender, proposal)], sender, None).tree
        assert tree.encode().hex() == case["tree_after"]
        assert tree.tree_hash(P).hex() == case["tree_hash_after"]
        assert before.encode().hex() == case["tree_before"]


def test_tree_validation(vectors: Vectors):
    for case in vectors("mls/tree-validation"):
        tree = decode(unhex(case["tree"]), RatchetTree.read)
        assert tree.encode().hex() == case["tree"]
        for node, (resolution, tree_hash) in enumerate(zip(case["resolutions"], case["tree_hashes"], strict=True)):
            assert tree.resolution(node) == resolution
            assert tree.node_hash(P, node).hex() == tree_hash
        extensions: tuple[Extension, ...] = ()
        validate_tree(P, tree, unhex(case["group_id"]), extensions)


def test_treekem(vectors: Vectors):
    for case in vectors("mls/treekem"):
        tree = decode(unhex(case["ratchet_tree"]), RatchetTree.read)
        group_id = unhex(case["group_id"])
        keys: dict[int, dict[int, bytes]] = {}
        for leaf in case["leaves_private"]:
            keys[leaf["index"]] = {2 * leaf["index"]: unhex(leaf["encryption_priv"])}
            for secret in leaf["path_secrets"]:
                private, public = node_key_pair(P, unhex(secret["path_secret"]))
                assert tree.node(secret["node"]).encryption_key == public
                keys[leaf["index"]][secret["node"]] = private
        for path in case["update_paths"]:
            check_update_path(case, tree, group_id, keys, path)


def check_update_path(
    case: dict[str, Any], tree: RatchetTree, group_id: bytes, keys: dict[int, dict[int, bytes]], path: dict[str, Any]
) -> None:
    sender = path["sender"]
    update = decode(unhex(path["update_path"]), UpdatePath.read)
    merged = merge_path(P, tree, sender, update, [])
    assert merged.tree_hash(P).hex() == path["tree_hash_after"]
    confirmed = unhex(case["confirmed_transcript_hash"])
    context = GroupContext(group_id, case["epoch"], merged.tree_hash(P), confirmed, ()).encode()
    for index, private_keys in keys.items():
        if index == sender:
            continue
        how = {"sender": sender, "own_index": index, "private_keys": private_keys, "excluded_leaves": ()}
        fresh, commit_secret = open_path(P, merged, path=update, context=context, **how)
        assert commit_secret.hex() == path["commit_secret"]
        expected = unhex(path["path_secrets"][index])
        above = [node for node, _ in merged.filtered_direct_path(sender) if node in fresh]
        assert private_path(P, merged, expected, above) == (fresh, commit_secret)
    seed = next(unhex(leaf["signature_priv"]) for leaf in case["leaves_private"] if leaf["index"] == sender)
    made = make_path(P, tree, sender, tree.leaf(sender), group_id, seed)
    context = GroupContext(group_id, case["epoch"], made.tree.tree_hash(P), confirmed, ()).encode()
    own = seal_path(P, made, sender, context, ())
    merged = merge_path(P, tree, sender, own, [])
    assert merged.tree_hash(P) == made.tree.tree_hash(P)
    for index, private_keys in keys.items():
        if index != sender:
            how = {"sender": sender, "own_index": index, "private_keys": private_keys, "excluded_leaves": ()}
            assert open_path(P, merged, path=own, context=context, **how)[1] == made.commit_secret
