"""Refusals in the log: which are told, and that nobody fills it with them."""

import pytest
from structlog.testing import capture_logs

from parley_contracts.problems import InvalidRequest, NotFound, OriginRefused, PolicyRefused, RateLimited, SignInAgain
from parley_serving.refusals import LINE_INTERVAL_S, Refusals


@pytest.fixture
def told():
    with capture_logs() as lines:
        yield lines


def test_foreign_origins_rules_and_limits_are_told_and_nothing_else(told):
    refusals = Refusals()
    for problem in (OriginRefused(), RateLimited("words of people", retry_after_s=1), PolicyRefused()):
        refusals.note(problem)
    for problem in (NotFound(), InvalidRequest(), SignInAgain()):
        refusals.note(problem)
    assert [(line["event"], line["problem"], line["more"]) for line in told] == [
        ("refused", "origin_refused", 0),
        ("refused", "rate_limited", 0),
        ("refused", "policy_refused", 0),
    ]
    assert "words of people" not in str(told)


def test_a_flood_is_a_line_a_second_which_says_how_many_there_were(told):
    now = [100.0]
    refusals = Refusals(lambda: now[0])
    for _ in range(1000):
        refusals.note(RateLimited())
    refusals.note(OriginRefused())
    now[0] += LINE_INTERVAL_S
    refusals.note(RateLimited())
    now[0] += LINE_INTERVAL_S
    refusals.note(RateLimited())
    assert [(line["problem"], line["more"]) for line in told] == [
        ("rate_limited", 0),
        ("origin_refused", 0),
        ("rate_limited", 999),
        ("rate_limited", 0),
    ]
