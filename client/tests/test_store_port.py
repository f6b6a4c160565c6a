"""The store on sqlite3 keeps what the port says."""

import pytest
from store_port import CHECKS

from parley_client.platforms.sqlite import SqliteStore


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_sqlite_keeps_the_port(check, tmp_path):
    store = SqliteStore(tmp_path)
    check(store)
    store.close()
