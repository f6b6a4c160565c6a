from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from parley_contracts import problems

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
)


def test_every_problem_comes_back_as_its_class():
    for slug, kind in problems.PROBLEMS.items():
        problem = problems.problem_from_dict(kind("why", retry_after_s=3, epoch=4).to_dict())
        assert type(problem) is kind
        assert kind.slug == slug
        assert (problem.detail, problem.retry_after_s, problem.extra) == ("why", 3, {"epoch": 4})


def test_slugs_are_unique():
    def walk(kind: type[problems.Problem]) -> list[str]:
        return [kind.slug] + [slug for child in kind.__subclasses__() for slug in walk(child)]

    slugs = walk(problems.Problem)
    assert len(slugs) == len(set(slugs)) == len(problems.PROBLEMS)


@given(st.dictionaries(st.sampled_from(["type", "detail", "retry_after_s", "title", "status", "x"]), json_values))
def test_any_members_make_a_problem(members: dict[str, Any]):
    assert isinstance(problems.problem_from_dict(members), problems.Problem)
