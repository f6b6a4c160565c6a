"""An answer for a control that is gone ends nothing."""

from types import SimpleNamespace

import pytest
from flet.messaging.session import Session

from parley_app import late_answers


@pytest.fixture
def session(monkeypatch):
    """What the method of Flet's session needs of it, without any control."""
    monkeypatch.setattr(Session, "handle_invoke_method_results", late_answers._hear)
    return SimpleNamespace(_Session__index={}, _Session__method_calls={}, _Session__method_call_results={})


def test_flet_raises_for_it_and_here_it_does_not(session):
    with pytest.raises(RuntimeError, match="is not registered"):
        Session.handle_invoke_method_results(session, 7, "call", None, None)
    late_answers.let_late_answers_go()
    late_answers.let_late_answers_go()
    Session.handle_invoke_method_results(session, 7, "call", None, None)


def test_other_faults_are_heard(session):
    late_answers.let_late_answers_go()
    session._Session__index = None
    with pytest.raises(TypeError):
        Session.handle_invoke_method_results(session, 7, "call", None, None)
