"""Signing up by an invitation, on the client: what is told, and what a lost answer leaves."""

import pytest

from parley_client.errors import NetworkError
from parley_contracts.problems import InvitationRefused

WHERE = {"server": "https://parley.test", "ca_file": None}
OWN = {**WHERE, "username": "grace", "email": "grace@x.test", "password": "a long enough password"}


async def test_the_rules_are_asked_for_without_an_account(people):
    people.server.invitations = []
    rules = await people.open("grace").sign_up_rules(**WHERE)
    assert rules.mode == "invitation"
    assert "authorization" not in people.server.requests[-1].headers


async def test_a_code_lets_in_once(people):
    people.server.invitations = ["CODE"]
    client = people.open("grace")
    with pytest.raises(InvitationRefused):
        await people.open("linus").register(**OWN | {"username": "linus"})
    people.server.invitations = ["CODE"]
    assert (await client.register(**OWN, invitation="CODE")).recovery_key
    with pytest.raises(InvitationRefused):
        await people.open("third").register(**OWN | {"username": "third"}, invitation="CODE")


async def test_a_lost_answer_costs_no_second_invitation(people):
    """The account was made and the code used up; the repetition is refused, and signs in instead."""
    people.server.invitations = ["CODE"]
    people.server.fault = lambda request: "lose_answer" if request.path.endswith("/signup") else None
    client = people.open("grace")
    with pytest.raises(NetworkError):
        await client.register(**OWN, invitation="CODE")
    people.server.fault = lambda request: None
    assert (await client.register(**OWN, invitation="CODE")).recovery_key
    assert client.whoami().username == "grace"
