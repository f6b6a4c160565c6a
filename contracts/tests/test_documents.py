"""The API's documents: whole, valid, and made of the very types."""

import ast
import importlib
import json
import pkgutil
import re
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
import schemathesis

import parley_contracts
from parley_contracts import messaging_api
from parley_contracts.applications_api import SIGNATURE_HEADER, TIMESTAMP_HEADER
from parley_contracts.documents import asyncapi, documents, openapi
from parley_contracts.documents.asyncapi import CLOSE_CODES, frames_of
from parley_contracts.documents.fields import BINARY, KEYWORDS
from parley_contracts.documents.openapi import SERVICES
from parley_contracts.documents.problems import members_of
from parley_contracts.encoding import b64decode
from parley_contracts.problems import PROBLEMS

ROOT = Path(__file__).resolve().parents[2]
OPENAPI, ASYNCAPI = openapi(), asyncapi()
OPERATIONS = [(service, operation) for service in SERVICES for operation in service.operations]
KINDS = {kind.__name__: kind for _, o in OPERATIONS for kind in (o.body, o.answer) if kind is not None}
FRAMES = {*frames_of(messaging_api.ClientFrame), *frames_of(messaging_api.ServerFrame)}
SCHEMAS = [
    pytest.param(document, name, id=f"{title}-{name}")
    for title, document in (("http", OPENAPI), ("socket", ASYNCAPI))
    for name in document["components"]["schemas"]
]


def validator(document, name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("name", documents())
def test_the_copies_in_the_repository_are_up_to_date(name):
    assert (ROOT / "contracts" / "documents" / name).read_bytes() == documents()[name], "run ./parley documents"


def test_the_document_follows_the_specification():
    schemathesis.openapi.from_dict(openapi()).validate()
    broken = openapi()
    broken["paths"]["/api/v1/auth/me"]["get"]["responses"]["200"].pop("description")
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(broken).validate()


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["http", "socket"])
def test_every_reference_leads_somewhere(document):
    found = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)))
    assert len(found) > 20
    for place in found:
        value = document
        for step in place.split("/"):
            value = value[step]


@pytest.mark.parametrize(("document", "name"), SCHEMAS)
def test_each_schema_takes_its_own_example_and_no_other_thing(document, name):
    schema = document["components"]["schemas"][name]
    (example,) = schema["examples"]
    check = validator(document, name)
    check.validate(example)
    for required in schema.get("required", []):
        assert not check.is_valid({key: value for key, value in example.items() if key != required})
    assert not check.is_valid([])


@pytest.mark.parametrize("kind", [*KINDS.values(), *FRAMES], ids=lambda kind: kind.__name__)
def test_examples_are_what_the_types_decode(kind):
    document = OPENAPI if kind.__name__ in OPENAPI["components"]["schemas"] else ASYNCAPI
    (example,) = document["components"]["schemas"][kind.__name__]["examples"]
    assert msgspec.to_builtins(msgspec.convert(example, kind)) == example


def test_what_the_server_posts_itself_is_told():
    (call,) = [method for item in OPENAPI["webhooks"].values() for method in item.values()]
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Callback"}
    assert {header["name"] for header in call["parameters"]} == {TIMESTAMP_HEADER, SIGNATURE_HEADER}
    guide = (ROOT / "docs" / "developers" / "webhooks.md").read_text()
    assert all(header["name"] in guide for header in call["parameters"])


def test_every_problem_has_a_component():
    schemas = OPENAPI["components"]["schemas"]
    for slug, problem in PROBLEMS.items():
        validator(OPENAPI, problem.__name__).validate(problem("why", retry_after_s=3).to_dict())
        assert schemas[problem.__name__]["examples"][0]["type"].endswith(f":{slug}")


def test_every_operation_has_a_name_of_its_own():
    names = [operation.name for _, operation in OPERATIONS]
    assert len(names) == len(set(names)) > 40
    places = [(service.prefix + operation.path, operation.method) for service, operation in OPERATIONS]
    assert len(places) == len(set(places))
    told = {(path, method.upper()) for path, methods in OPENAPI["paths"].items() for method in methods}
    assert told == set(places)


def test_frames_of_the_document_are_those_of_the_unions():
    for name, union in (("fromClient", messaging_api.ClientFrame), ("fromServer", messaging_api.ServerFrame)):
        told = [message["$ref"].rpartition("/")[2] for message in ASYNCAPI["operations"][name]["messages"]]
        assert told == [frame.__name__ for frame in frames_of(union)]
    assert set(ASYNCAPI["channels"]["socket"]["messages"]) == {frame.__name__ for frame in FRAMES}


def test_every_tagged_type_of_the_contract_is_a_frame():
    names = [module.name for module in pkgutil.iter_modules(parley_contracts.__path__) if module.name.endswith("_api")]
    modules = [importlib.import_module(f"parley_contracts.{name}") for name in names]
    kinds = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    tagged = {kind for kind in kinds if issubclass(kind, msgspec.Struct) and kind.__struct_config__.tag}
    assert tagged == FRAMES - {messaging_api.Entry}


def test_every_frame_that_the_service_writes_is_in_the_union():
    known = {frame.__name__ for frame in FRAMES}
    written = set()
    for path in (ROOT / "services" / "messaging" / "parley_messaging").rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        written |= {named(call) for call in calls} & known
        # A frame that is no frame of the contract; a name in small letters is a variable.
        framed = {named(given) for call in calls if named(call) == "json_frame" for given in call.args}
        written |= {name for name in framed if name[:1].isupper()}
    assert written >= {"Hello", "Ready", "ReceiptUpdated", "SettingsUpdated", "JoinRequestsChanged"}
    assert written <= {frame.__name__ for frame in frames_of(messaging_api.ServerFrame)}


def named(node):
    """The name that a node calls, empty where it calls none."""
    return getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""


def test_every_close_code_is_told():
    codes = {value for name, value in vars(messaging_api).items() if name.startswith("CLOSE_")}
    assert codes == set(CLOSE_CODES)
    assert len(codes) >= 7


def test_the_tables_of_fields_name_fields_of_the_documents():
    known = OPENAPI["components"]["schemas"] | ASYNCAPI["components"]["schemas"]
    for table in (BINARY, KEYWORDS):
        for kind, fields in table.items():
            assert set(fields) <= set(known[kind.__name__]["properties"]), kind


def test_sizes_of_binary_texts_are_exact():
    for kind, fields in BINARY.items():
        for name, binary in fields.items():
            keywords = binary.schema()
            for size in (binary.size_bytes_min, binary.size_bytes_max):
                text = "A" * -(-size * 4 // 3)
                assert len(b64decode(text)) == size, (kind, name)
                assert keywords["minLength"] <= len(text) <= keywords["maxLength"]


def test_members_that_services_give_to_problems_are_documented():
    by_name = {problem.__name__: problem for problem in PROBLEMS.values()}
    given = set()
    for folder in (ROOT / "services", ROOT / "contracts" / "parley_contracts"):
        for path in folder.rglob("parley_*/**/*.py" if folder.name == "services" else "*.py"):
            if "documents" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in by_name:
                    given |= {(node.func.id, word.arg) for word in node.keywords if word.arg}
    assert {("EpochStale", "head"), ("UploadIncomplete", "missing")} <= given
    assert not [(name, member) for name, member in given if member not in members_of(by_name[name])]


def test_the_guide_names_what_the_documents_have():
    guide = (ROOT / "docs" / "developers" / "api.md").read_text()
    named = set(re.findall(r"/api/v1/[\w/{}-]+", guide))
    assert len(named) >= 5
    assert named <= set(OPENAPI["paths"]) | {channel["address"] for channel in ASYNCAPI["channels"].values()}
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", guide, re.MULTILINE)} == set(CLOSE_CODES)
