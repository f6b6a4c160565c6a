"""Certificates as nodes hold them to what people have stated, each nearly right."""

import dataclasses
import os

import pytest
from log_model import device_of_somebody
from messaging_people import roster

from parley_contracts.identity import AccountStatement, DeviceCertificate
from parley_contracts.problems import PolicyRefused
from parley_messaging.domain.certifying import check_certified

#: The encoding of Ed25519's neutral element, which is a key of small order.
SMALL_ORDER = b"\x01" + bytes(31)


@pytest.fixture
def device():
    return device_of_somebody({})


def checked(device, certificate: DeviceCertificate, *stated: AccountStatement) -> None:
    person = device.person
    check_certified([certificate], {person.user_id: stated}, roster(person))


def test_a_device_is_its_person_s_by_the_statement_that_it_names(device):
    person, certificate = device.person, device.certificate
    checked(device, certificate, person.statement)
    second = dataclasses.replace(person.statement, version=2)
    later = person.certified(dataclasses.replace(certificate, statement_version=2))
    checked(device, later, person.statement, second)
    checked(device, certificate, person.statement, second)


def test_a_certificate_that_is_nearly_right(device):
    person, certificate = device.person, device.certificate
    stranger = device_of_somebody({}).person
    other_root = dataclasses.replace(person, root_key=os.urandom(32))
    wrong = {
        "signed by somebody else": (stranger.certified(certificate), person.statement),
        "changed": (dataclasses.replace(certificate, device_key=os.urandom(32)), person.statement),
        "of a statement that was never made": (
            person.certified(dataclasses.replace(certificate, statement_version=2)),
            person.statement,
        ),
        "of a person who has stated nothing": (certificate,),
        "under a root key that nobody pinned": (other_root.certified(certificate), other_root.statement),
        "of small order": (
            person.certified(dataclasses.replace(certificate, device_key=SMALL_ORDER)),
            person.statement,
        ),
    }
    for name, (shown, *stated) in wrong.items():
        with pytest.raises(PolicyRefused):
            checked(device, shown, *stated)
            raise AssertionError(name)
