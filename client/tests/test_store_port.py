"""The store on sqlite3 keeps what the port says, in the clear and sealed."""

import pytest
from store_port import CHECKS

from parley_client.platforms.sqlite import SqliteProfile, SqliteStore
from parley_client.store.schema import migrate
from parley_client.store.sealed import create_sealed, open_sealed_store
from parley_mls import default_primitives

KEY = bytes(range(32))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_sqlite_keeps_the_port(check, tmp_path):
    store = SqliteStore(tmp_path)
    check(store)
    store.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sealed_store_keeps_the_port_and_comes_back(check, tmp_path):
    profile, p = SqliteProfile(tmp_path), default_primitives()
    memory = profile.open_memory(b"")
    migrate(memory)
    store = create_sealed(p, KEY, profile.open_sealed(), memory, now=0)
    check(store)
    left = store.execute("SELECT * FROM trial")
    store.close()
    again = open_sealed_store(p, KEY, profile.open_sealed(), profile, now=0)
    assert again.execute("SELECT * FROM trial") == left
    check(again)
    again.close()
    profile.close()
