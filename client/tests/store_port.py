"""What every store must do, whatever it stands on: run on sqlite3 by `test_store_port.py`, in Chromium by `tests/e2e`.

Plain functions of a store without pytest, for the browser's worker has none.
"""

VALUES = [
    0,
    -1,
    2**31,
    2**53 - 1,
    2**53,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    "",
    "grüße 你好 \U0001f600",
    "a\0b",
    b"",
    b"\0\xff" * 9,
    None,
]


class Broken(Exception):
    """Raised to leave a transaction."""


def fail():
    raise Broken


def fresh(store):
    store.execute("DROP TABLE IF EXISTS trial")
    store.execute("CREATE TABLE trial (place INTEGER PRIMARY KEY, value)")


def rows(store):
    return store.execute("SELECT value FROM trial ORDER BY place")


def values_come_back_as_they_were(store):
    fresh(store)
    for place, value in enumerate(VALUES):
        store.execute("INSERT INTO trial VALUES (?, ?)", (place, value))
    back = [value for (value,) in rows(store)]
    assert back == VALUES, back
    assert [type(value) for value in back] == [type(value) for value in VALUES]


def a_statement_without_rows_gives_none(store):
    fresh(store)
    assert store.execute("SELECT * FROM trial") == []
    assert store.execute("UPDATE trial SET value = 1") == []


def a_transaction_is_stored_together(store):
    fresh(store)
    with store.transaction():
        store.execute("INSERT INTO trial VALUES (1, 'a')")
        with store.transaction():
            store.execute("INSERT INTO trial VALUES (2, 'b')")
    assert rows(store) == [("a",), ("b",)]


def a_failed_transaction_leaves_nothing(store):
    fresh(store)
    try:
        with store.transaction():
            store.execute("INSERT INTO trial VALUES (1, 'a')")
            with store.transaction():
                store.execute("INSERT INTO trial VALUES (2, 'b')")
            fail()
    except Broken:
        pass
    assert rows(store) == []
    with store.transaction():
        store.execute("INSERT INTO trial VALUES (3, 'c')")
    assert rows(store) == [("c",)]


def a_broken_statement_fails_and_harms_nothing(store):
    fresh(store)
    store.execute("INSERT INTO trial VALUES (1, 'a')")
    for sql in ("NO SQL", "INSERT INTO trial VALUES (1, 'again')", "SELECT * FROM absent"):
        try:
            store.execute(sql)
        except Exception:  # noqa: BLE001 - each back end has its own class
            continue
        raise AssertionError(sql)
    assert rows(store) == [("a",)]


def returning_and_numbers_work(store):
    fresh(store)
    assert store.execute("INSERT INTO trial (value) VALUES ('a') RETURNING place") == [(1,)]
    assert store.execute("SELECT count(*), max(place), 9007199254740993 FROM trial") == [(1, 1, 2**53 + 1)]


CHECKS = [
    values_come_back_as_they_were,
    a_statement_without_rows_gives_none,
    a_transaction_is_stored_together,
    a_failed_transaction_leaves_nothing,
    a_broken_statement_fails_and_harms_nothing,
    returning_and_numbers_work,
]
