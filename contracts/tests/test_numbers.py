"""What is decoded has room wherever it is kept."""

import importlib
import pkgutil

import msgspec
import pytest
from msgspec import inspect

import parley_contracts
from parley_contracts.events import MessageStored
from parley_contracts.numbers import Uint16, Uint32, Uint63
from parley_contracts.policy import PolicyDocument

#: COSE's identifiers of algorithms are below nothing, and WebAuthn's to choose.
SIGNED = {("AttestationResponse", "algorithm")}


def wire_types():
    found = {MessageStored, PolicyDocument}
    for module in pkgutil.iter_modules(parley_contracts.__path__):
        if module.name.endswith("_api"):
            members = vars(importlib.import_module(f"parley_contracts.{module.name}")).values()
            found |= {
                m for m in members if isinstance(m, type) and issubclass(m, msgspec.Struct) and m.__struct_fields__
            }
    return sorted(found, key=lambda kind: kind.__name__)


def numbers(info):
    """The integers in a field's type, but for those of further structs."""
    match info:
        case inspect.IntType():
            yield info
        case inspect.UnionType():
            for each in info.types:
                yield from numbers(each)
        case inspect.ListType() | inspect.VarTupleType():
            yield from numbers(info.item_type)
        case inspect.DictType():
            yield from numbers(info.value_type)


def test_no_number_on_the_wire_is_without_a_width():
    fields = [
        (kind.__name__, f.name, n)
        for kind in wire_types()
        for f in inspect.type_info(kind).fields
        for n in numbers(f.type)
    ]
    assert len(fields) > 100
    assert {(kind, name) for kind, name, n in fields if n.ge != 0 or n.le is None} == SIGNED


@pytest.mark.parametrize(("kind", "bits"), [(Uint16, 16), (Uint32, 32), (Uint63, 63)])
def test_a_width_is_what_its_name_says(kind, bits):
    for fits in (0, 2**bits - 1):
        assert msgspec.json.decode(str(fits), type=kind) == fits
    for wrong in (-1, 2**bits, 2**70):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(str(wrong), type=kind)
