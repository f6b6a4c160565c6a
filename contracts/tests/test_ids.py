import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.ids import (
    UploadId,
    UserId,
    direct_conversation_id,
    is_uuid,
    media_object_id,
    new_uuid7,
    self_conversation_id,
    uuid_bytes,
    uuid_text,
)

uuids = st.uuids().map(lambda value: UserId(str(value)))


def test_uuid7_has_version_and_grows():
    values = [new_uuid7() for _ in range(3)]
    assert all(value[14] == "7" and value[19] in "89ab" and is_uuid(value) for value in values)
    assert values[0][:8] <= values[2][:8]


@given(uuids, uuids)
def test_direct_id_is_the_same_from_both_sides(one: UserId, other: UserId):
    assert direct_conversation_id(one, other) == direct_conversation_id(other, one)
    assert is_uuid(direct_conversation_id(one, other))
    assert direct_conversation_id(one, other)[14] == "8"


@given(uuids, uuids)
def test_note_to_self_differs_from_direct(one: UserId, other: UserId):
    assert (self_conversation_id(one) == direct_conversation_id(one, other)) == (one == other)


@given(st.text(max_size=40))
def test_foreign_text_is_no_uuid(text: str):
    if is_uuid(text):
        assert uuid_text(uuid_bytes(text)) == text
    else:
        try:
            uuid_bytes(text)
        except ValueError:
            return
        raise AssertionError("accepted")


def test_an_upload_names_one_object_of_one_person():
    one, other = UserId(new_uuid7()), UserId(new_uuid7())
    upload_id = UploadId(new_uuid7())
    assert media_object_id(one, upload_id) == media_object_id(one, upload_id) != media_object_id(other, upload_id)
    assert is_uuid(media_object_id(one, upload_id))
    assert media_object_id(one, upload_id)[14] == "8"


@given(st.uuids())
def test_text_and_bytes_are_those_of_a_uuid(value: uuid.UUID):
    assert uuid_text(value.bytes) == str(value)
    assert uuid_bytes(str(value)) == value.bytes
    with pytest.raises(ValueError, match="16 bytes"):
        uuid_text(value.bytes[1:])
