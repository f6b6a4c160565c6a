"""Array-based left-balanced binary trees (RFC 9420 appendix C): leaves at even, parents at odd node indices.

Invariant: `leaf_count` is a power of two; node indices are 0 … 2·leaf_count - 2.
"""

from __future__ import annotations


def level(node: int) -> int:
    """The height of a node: 0 for leaves."""
    return (~node & (node + 1)).bit_length() - 1


def node_width(leaf_count: int) -> int:
    """The number of nodes of a tree with so many leaves."""
    return 0 if leaf_count == 0 else 2 * leaf_count - 1


def root(leaf_count: int) -> int:
    """The root's node index."""
    return leaf_count - 1


def left(node: int) -> int:
    """The left child; `ValueError` for a leaf."""
    height = level(node)
    if height == 0:
        raise ValueError("a leaf has no children")
    return node ^ (1 << (height - 1))


def right(node: int) -> int:
    """The right child; `ValueError` for a leaf."""
    height = level(node)
    if height == 0:
        raise ValueError("a leaf has no children")
    return node ^ (3 << (height - 1))


def parent(node: int, leaf_count: int) -> int:
    """The parent; `ValueError` for the root."""
    if node == root(leaf_count):
        raise ValueError("the root has no parent")
    height = level(node)
    return (node | (1 << height)) & ~(1 << (height + 1))


def sibling(node: int, leaf_count: int) -> int:
    """The other child of the parent; `ValueError` for the root."""
    above = parent(node, leaf_count)
    return right(above) if node < above else left(above)


def direct_path(node: int, leaf_count: int) -> list[int]:
    """The ancestors from the parent up to the root."""
    path = []
    top = root(leaf_count)
    while node != top:
        node = parent(node, leaf_count)
        path.append(node)
    return path


def copath(node: int, leaf_count: int) -> list[int]:
    """The siblings of the node and of its ancestors, the root's excepted."""
    path = []
    top = root(leaf_count)
    while node != top:
        path.append(sibling(node, leaf_count))
        node = parent(node, leaf_count)
    return path


def common_ancestor(one: int, other: int) -> int:
    """The lowest node above both."""
    one_level, other_level = level(one) + 1, level(other) + 1
    if one_level <= other_level and one >> other_level == other >> other_level:
        return other
    if other_level <= one_level and one >> one_level == other >> one_level:
        return one
    height = 0
    while one != other:
        one, other = one >> 1, other >> 1
        height += 1
    return (one << height) + (1 << (height - 1)) - 1


def is_ancestor(above: int, below: int) -> bool:
    """Whether `above` is `below` or an ancestor of it."""
    return common_ancestor(above, below) == above
