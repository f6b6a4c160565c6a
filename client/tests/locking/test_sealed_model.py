"""A sealed store against one in the clear: whatever is written, rolled back, folded or reopened, both hold the same."""

import os

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from locked_profiles import P

from parley_client.platforms.sqlite import SqliteProfile
from parley_client.store.schema import migrate
from parley_client.store.sealed import IMAGE_AGE_S, create_sealed, open_sealed_store

SEED = int(os.environ.get("PARLEY_SEED", "0"))
KEY = bytes(range(32))
NAMES = st.sampled_from(["a", "b", "c"])
WRITES = st.one_of(
    st.tuples(st.just("INSERT OR REPLACE INTO drafts VALUES (?, ?)"), st.tuples(NAMES, st.text(max_size=40))),
    st.tuples(st.just("  delete from drafts where conversation_id = ?"), st.tuples(NAMES)),
    st.tuples(st.just("UPDATE drafts SET text = text || ? RETURNING text"), st.tuples(st.text(max_size=5))),
    st.tuples(
        st.just("INSERT INTO notices (conversation_id, code, sequence, detail) VALUES (?, 'x', ?, '')"),
        st.tuples(NAMES, st.integers(-(2**63), 2**63 - 1)),
    ),
    st.tuples(
        st.just("INSERT OR IGNORE INTO history_keys VALUES (?, ?)"),
        st.tuples(st.integers(0, 3), st.binary(max_size=64)),
    ),
    st.tuples(
        st.just("INSERT INTO history_keys VALUES (1, ?)"), st.tuples(st.binary(max_size=8))
    ),  # may be there already
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), WRITES),
        st.tuples(st.just("together"), st.lists(WRITES, max_size=4)),
        st.tuples(st.just("failing"), st.lists(WRITES, max_size=4)),
        st.tuples(st.just("reopen"), st.sampled_from([0, IMAGE_AGE_S])),
    ),
    max_size=25,
)
#: All that the steps write into, and where SQLite keeps its own counts.
SEEN = ("drafts", "notices", "history_keys", "sqlite_sequence")


class Failed(Exception):
    """Raised to leave a transaction."""


def fail(*, wanted):
    if wanted:
        raise Failed


def do(store, writes, *, fails=False):
    """Rows that came, or the kind of error; with `fails` the transaction is given up at its end."""
    try:
        with store.transaction():
            rows = [store.execute(sql, parameters) for sql, parameters in writes]
            fail(wanted=fails)
    except Exception as error:  # noqa: BLE001 - whatever the database says, both say
        return type(error).__name__
    return rows


def contents(store):
    return {table: store.execute(f"SELECT * FROM {table} ORDER BY 1, 2") for table in SEEN}


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    made = SqliteProfile(tmp_path_factory.mktemp("model"))
    yield made
    made.close()


@settings(max_examples=60, deadline=None)
@(seed(SEED) if SEED else lambda test: test)
@given(steps=STEPS)
def test_both_hold_the_same(profile, steps):
    plain, memory, outer, now = *(profile.open_memory(b"") for _ in range(3)), 0
    migrate(plain)
    migrate(memory)
    sealed = create_sealed(P, KEY, outer, memory, now=now)
    for kind, given_ in steps:
        if kind == "reopen":  # nothing but what is sealed outlives it
            now += given_
            sealed = open_sealed_store(P, KEY, outer, profile, now=now)
        elif kind == "write":
            assert do(sealed, [given_]) == do(plain, [given_])
        else:
            assert do(sealed, given_, fails=kind == "failing") == do(plain, given_, fails=kind == "failing")
        assert contents(sealed) == contents(plain)
    assert contents(open_sealed_store(P, KEY, outer, profile, now=now)) == contents(plain)
