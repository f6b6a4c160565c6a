"""Requests made out of the API's document for auth and notifications: nothing is a server error, an answer that is not told of, or
an operation that forgets to ask who speaks."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from e2e_devices import Device, Stack, access_token
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from parley_contracts.auth_api import REFRESH_COOKIE_HEADER

GOLDEN = Path(__file__).resolve().parents[2] / "contracts" / "documents" / "openapi.json"
EXAMPLES = int(os.environ.get("PARLEY_SCHEMA_EXAMPLES", "2"))
SEEDS = 3
SERVICES = ("auth", "notifications")
#: All but those that ask for success: whether a password or a code is right, no schema tells.
CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.allow_header_conformance,
)
#: It ends the session that asks.
LAST = "logout"
#: Who claims to be a browser of another origin is refused before anybody asks who speaks.
DROPPED = {"authorization", REFRESH_COOKIE_HEADER.lower()}


class Asker:
    """Asks as a signed-in device, and counts what comes back."""

    def __init__(self, stack: Stack, token: str) -> None:
        self.stack, self.statuses = stack, dict[int, int]()
        self.headers = {"Authorization": f"Bearer {token}"}
        self.session = requests.Session()
        self.session.trust_env = False

    def judge(self, case: Any) -> None:
        answer = case.call(
            base_url=self.stack.address, session=self.session, headers=self.headers, verify=self.stack.ca_file
        )
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        # That something is too large is a refusal, too, which that one check does not know.
        refusing = [] if answer.status_code == 413 else [checks.negative_data_rejection]
        case.validate_response(answer, checks=[*CHECKS, *refusing])

    def expect_refusal(self, case: Any) -> None:
        """Without a token, and with one that nobody gave, the same request is no more than a stranger's."""
        for headers in ({}, {"Authorization": "Bearer x"}):
            case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() not in DROPPED}
            answer = case.call(
                base_url=self.stack.address, session=self.session, headers=headers, verify=self.stack.ca_file
            )
            assert answer.status_code == 401, (case.method, case.path, answer.status_code)


def operations_of(service: str) -> list[Any]:
    document = schemathesis.openapi.from_path(GOLDEN)
    found = [each.ok() for each in document.include(path_regex=f"^/api/v1/{service}/").get_all_operations()]
    return sorted(found, key=lambda operation: operation.definition.raw["operationId"] == LAST)


def generated(operation: Any, chosen: int, mode: GenerationMode, judge: Callable[[Any], None]) -> None:
    @seed(chosen)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        judge(case)

    run()


@pytest.fixture
def asker(stack: Stack, device: Callable[..., Device]) -> Iterator[Asker]:
    made = Asker(stack, access_token(device("anna")))
    yield made
    made.session.close()


@pytest.mark.timeout(300 + 20 * EXAMPLES)
@pytest.mark.parametrize("number", range(SEEDS))
def test_generated_requests_get_documented_answers(asker: Asker, number: int, say_trials: Callable[[str], None]):
    base = int(os.environ.get("PARLEY_SEED", "0")) or random.getrandbits(32)
    chosen = base + number
    count = 0
    for service in SERVICES:
        for operation in operations_of(service):
            count += 1
            generated(operation, chosen, GenerationMode.POSITIVE, asker.judge)
            if operation.body:
                generated(operation, chosen, GenerationMode.NEGATIVE, asker.judge)
            if operation.definition.raw.get("security") != []:
                generated(operation, chosen, GenerationMode.POSITIVE, asker.expect_refusal)
    assert count >= 35
    assert {200, 400, 404} <= asker.statuses.keys(), asker.statuses
    say_trials(f"operations={count} requests n={sum(asker.statuses.values())} statuses={asker.statuses} seed={chosen}")
