"""The thin line: signing up, an account's keys, a device, tokens, key packages, a claim."""


def test_line_from_signup_to_claim(alice, bob):
    assert bob.upload_key_packages(2).body == {"available": 2, "has_last_resort": True}
    first, second, third = (alice.claim(bob).body["key_packages"] for _ in range(3))
    assert [len(first), len(second), len(third)] == [1, 1, 1]
    assert first[0]["device_id"] == bob.device_id
    assert first[0]["key_package"] != second[0]["key_package"]
    assert [claim[0]["last_resort"] for claim in (first, second, third)] == [False, False, True]
    assert bob.api.get("me/key-packages").body == {"available": 0, "has_last_resort": True}


def test_profile_names_device(alice):
    me = alice.api.get("me").body
    assert me == {
        "user_id": alice.user_id,
        "username": "alice",
        "display_name": "alice",
        "about": "",
        "avatar": "",
        "pronouns": "",
        "time_zone": "",
        "email": "alice@example.org",
        "device_id": alice.device_id,
        "has_statement": True,
        "email_verified": False,
        "has_recovery_words": False,
        "has_recovery_passkey": False,
    }
