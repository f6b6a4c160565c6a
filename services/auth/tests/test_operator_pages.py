"""The operators' pages: who gets in and how, what each role may do there, and what the pages never do."""

import json
import re
import socketserver
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.test import Client
from test_second_factors import App

from parley_auth.accounts.models import User
from parley_auth.audit.models import AuditEntry
from parley_auth.operators import acts
from parley_auth.operators.models import Grant
from parley_auth.operators.pages import session as pages_session
from parley_auth.operators.pages.session import COOKIE
from parley_auth.operators.pages.signing_in import NO_SECOND_STEP, WRONG
from parley_auth.operators.roles import machine
from parley_contracts.limits import OPERATOR_SESSION_S

PASSWORD = "copper-window-lantern-19"
PAGES = ("", "accounts/user/", "audit/auditentry/", "reports/", "announcements/", "terms/")
HTTPS = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_HOST": "chat.example:8443", "REMOTE_ADDR": "192.0.2.1"}


@pytest.fixture
def app(monkeypatch):
    made = App()
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: made.now))
    return made


class Pages:
    """A browser at the pages."""

    def __init__(self, app, *, csrf=False):
        self.app = app
        self.client = Client(enforce_csrf_checks=csrf, **HTTPS)

    def get(self, path=""):
        return self.client.get(f"/operators/{path}")

    def post(self, path, **form):
        return self.client.post(f"/operators/{path}", form)

    def sign_in(self, name, password=PASSWORD, code=None):
        form = {"username": name, "password": password, "code": code or self.app.code()}
        return self.client.post("/operators/login/", form)

    def act(self, person, act, **form):
        return self.post(f"accounts/user/{person.user_id}/act/{act}/", **form)


@pytest.fixture
def pages(app, db):
    return Pages(app)


def give(person, role):
    acts.set_role(machine("root"), User.objects.get(pk=person.user_id), role)


@pytest.fixture
def operator(alice, app, pages):
    """Alice signed in with a role."""

    def become(role):
        if not app.secret:
            setup = alice.api.post("me/second-factors/totp").body
            app.secret = setup["secret"]
            done = alice.api.put("me/second-factors/totp", {"setup": setup["setup"], "code": app.code()})
            assert done.status == 200
            alice.recovery_codes = done.body["codes"]
        give(alice, role)
        answer = pages.sign_in("alice")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/operators/")
        return pages

    return become


def test_nobody_sees_anything_without_signing_in(pages, bob):
    before = AuditEntry.objects.count()
    paths = [*PAGES, f"accounts/user/{bob.user_id}/change/", "jsi18n/"]
    for path in paths:
        answer = pages.get(path)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/operators/login/"), path
    for act in ("suspend", "sign-out", "role", "quota"):
        assert pages.act(bob, act, role="admin").status_code == 302
    assert pages.post(f"accounts/user/{bob.user_id}/code/").status_code == 302
    assert AuditEntry.objects.count() == before
    assert User.objects.get(pk=bob.user_id).is_active


def test_it_takes_a_role_a_password_and_a_second_step(pages, alice, app, operator):
    assert WRONG in pages.sign_in("alice", code="123456").content.decode(), "no role yet"
    give(alice, "moderator")
    assert NO_SECOND_STEP in pages.sign_in("alice", code="123456").content.decode()
    operator("moderator")
    pages.post("logout/")
    for name, password, code in (
        ("alice", "wrong", None),
        ("nobody", PASSWORD, None),
        ("alice", PASSWORD, "000000"),
        ("alice", PASSWORD, ""),
        ("alice", PASSWORD, "x" * 1000),
        ("a\0", PASSWORD, None),
        ("x" * 10_000, "y" * 10_000, None),
    ):
        answer = pages.sign_in(name, password, code if code != "" else " ")
        assert (answer.status_code, WRONG in answer.content.decode()) == (200, True), name
        assert pages.get().status_code == 302
    assert pages.sign_in("Alice").status_code == 302
    assert "alice" in pages.get().content.decode()
    refused = AuditEntry.objects.filter(act="operator.refused").values_list("details", flat=True)
    assert [row["why"] for row in refused] == ["no role", "no second step", "wrong code", "wrong code"]
    assert AuditEntry.objects.filter(act="operator.signed_in").latest("number").address == "192.0.2.1"


def test_a_code_is_good_once_and_a_recovery_code_too(operator, alice, app):
    pages = operator("admin")
    pages.post("logout/")
    used = app.code()
    assert pages.sign_in("alice", code=used).status_code == 302
    pages.post("logout/")
    assert pages.sign_in("alice", code=used).status_code == 200
    assert pages.sign_in("alice", code=alice.recovery_codes[0]).status_code == 302
    pages.post("logout/")
    assert pages.sign_in("alice", code=alice.recovery_codes[0]).status_code == 200


def test_guesses_are_counted_as_everywhere(pages, alice, default_limits):
    for _ in range(5):
        pages.sign_in("alice", "wrong", "1")
    answer = pages.sign_in("alice", "wrong", "1")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]


def test_the_session_is_a_cookie_of_its_own(operator, alice, anonymous):
    pages = operator("admin")
    cookie = pages.client.cookies[COOKIE]
    assert COOKIE.startswith("__Host-") and (cookie["path"], cookie["domain"]) == ("/", "")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Strict")
    assert {name for name in pages.client.cookies if name.startswith("session")} == set()
    # It is no sign-in for the API, nor a flow; and the API's token is no session of the pages.
    assert anonymous.get("me", Cookie=f"{COOKIE}={cookie.value}; sessionid={cookie.value}").status == 401
    step = "flows/app/v1/auth/2fa/authenticate"
    assert anonymous.post(step, {"code": "1"}, X_Session_Token=cookie.value).status in {401, 409}
    other = Client(**HTTPS)
    assert other.get("/operators/", headers={"Authorization": f"Bearer {alice.api.token}"}).status_code == 302
    for value in ("x", "", "a" * 32, "../x"):
        other.cookies[COOKIE] = value
        assert other.get("/operators/").status_code == 302


def test_a_session_ends_with_the_role_the_password_the_account_and_the_day(operator, alice, monkeypatch):
    pages = operator("admin")
    assert pages.get().status_code == 200
    Grant.objects.all().delete()
    assert pages.get().status_code == 302
    pages = operator("admin")
    User.objects.update(is_active=False)
    assert pages.get().status_code == 302
    User.objects.update(is_active=True)
    pages = operator("admin")
    user = User.objects.get(pk=alice.user_id)
    kept, user.password = user.password, "argon2$other"
    user.save()
    assert pages.get().status_code == 302
    user.password = kept
    user.save()
    pages = operator("admin")
    later = pages_session.time.time() + OPERATOR_SESSION_S + 1
    monkeypatch.setattr(pages_session, "time", SimpleNamespace(time=lambda: later))
    assert pages.get().status_code == 302


def test_signing_out_ends_the_session_for_good(operator):
    pages = operator("admin")
    stolen = pages.client.cookies[COOKIE].value
    assert pages.get("logout/").status_code == 302
    assert pages.get().status_code == 200, "by POST only"
    pages.post("logout/")
    pages.client.cookies[COOKIE] = stolen
    assert pages.get().status_code == 302
    assert AuditEntry.objects.latest("number").act == "operator.signed_out"


def test_forms_of_other_sites_do_nothing(operator, app, bob):
    pages = operator("admin")
    forged = Pages(app, csrf=True)
    forged.client.cookies = pages.client.cookies
    assert forged.act(bob, "suspend").status_code == 403
    assert forged.post(f"accounts/user/{bob.user_id}/code/").status_code == 403
    assert forged.sign_in("alice").status_code == 403
    assert User.objects.get(pk=bob.user_id).is_active
    page = forged.get(f"accounts/user/{bob.user_id}/change/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    where = f"/operators/accounts/user/{bob.user_id}/act/suspend/"
    for origin, status in (("https://evil.example", 403), ("null", 403), ("https://chat.example:8443", 302)):
        answer = forged.client.post(where, {"csrfmiddlewaretoken": token}, headers={"Origin": origin})
        assert answer.status_code == status, origin
    assert not User.objects.get(pk=bob.user_id).is_active


#: What each role can do by the forms of an account; the rest is refused with a sentence and leaves no trace.
MAY = {
    "owner": {"suspend", "sign-out", "letter", "role", "quota", "code"},
    "admin": {"suspend", "sign-out", "letter", "quota", "code"},
    "moderator": {"suspend"},
    "auditor": set(),
}


@pytest.mark.parametrize("role", MAY)
def test_forms_do_what_the_role_may(operator, bob, role):
    pages = operator(role)
    User.objects.filter(pk=bob.user_id).update(email_verified_at="2026-01-01T00:00:00Z")
    shown = pages.get(f"accounts/user/{bob.user_id}/change/").content.decode()
    assert (bob.email in shown) == (role in {"owner", "admin"})
    done = {"sign-out": "user.signed_out", "letter": "user.reset_granted", "code": "user.reset_granted"}
    done |= {"suspend": "user.suspended", "role": "user.role_set", "quota": "user.quota_set"}
    # Suspending comes last: what is suspended gets no letter.
    for act in ("sign-out", "letter", "quota", "code", "role", "suspend"):
        before = AuditEntry.objects.filter(act=done[act]).count()
        if act == "code":
            answer = pages.post(f"accounts/user/{bob.user_id}/code/")
            assert answer.status_code == 200
            assert ("shown this once" in answer.content.decode()) == (act in MAY[role])
        else:
            assert pages.act(bob, act, role="none", bytes="5").status_code == 302
        assert AuditEntry.objects.filter(act=done[act]).count() - before == (act in MAY[role]), act
        assert (f"/{act}/" in shown) == (act in MAY[role]), act
    assert User.objects.get(pk=bob.user_id).is_active == ("suspend" not in MAY[role])


@pytest.mark.parametrize("role", MAY)
def test_an_account_is_deleted_by_who_may_and_restored(operator, bob, role):
    pages, may = operator(role), role in {"owner", "admin"}
    page = f"accounts/user/{bob.user_id}/change/"
    assert ("/delete/" in pages.get(page).content.decode()) == may
    assert pages.act(bob, "delete").status_code == 302
    assert AuditEntry.objects.filter(act="user.deleted").count() == may
    now = pages.get(page).content.decode()
    assert ("deleted on" in now) == may and "/delete/" not in now
    pages.act(bob, "restore")
    assert User.objects.get(pk=bob.user_id).is_active
    assert "deleted on" not in pages.get(page).content.decode()


def test_no_page_makes_an_owner_or_acts_upon_an_equal(operator, bob):
    pages = operator("owner")
    pages.act(bob, "role", role="owner")
    assert not Grant.objects.filter(user_id=bob.user_id).exists()
    pages.act(bob, "role", role="admin")
    assert Grant.objects.get(user_id=bob.user_id).role == "admin"
    give(bob, "owner")
    pages.act(bob, "suspend")
    assert User.objects.get(pk=bob.user_id).is_active
    said = pages.get(f"accounts/user/{bob.user_id}/change/").content.decode()
    assert "role is not below yours" in said


def test_what_is_not_there_and_nonsense_are_refused(operator, bob):
    pages = operator("owner")
    for path in ("accounts/user/x/change/", "accounts/user/01900000-0000-7000-8000-000000000000/change/", "nothing/"):
        assert pages.get(path).status_code == 404
    assert pages.act(bob, "destroy").status_code == 404
    assert pages.get(f"accounts/user/{bob.user_id}/act/suspend/").status_code == 405
    for path in ("add/", f"{bob.user_id}/delete/", f"{bob.user_id}/history/"):
        assert pages.get(f"accounts/user/{path}").status_code in {404, 302}
    for path in ("audit/auditentry/add/", "audit/auditentry/1/delete/", "audit/auditentry/1/change/"):
        assert pages.get(path).status_code in {403, 404, 200, 302}
        assert pages.post(path, act="x").status_code in {403, 404, 302}
    pages.act(bob, "quota", bytes="many")
    pages.act(bob, "role", role="king")
    said = pages.get(f"accounts/user/{bob.user_id}/change/").content.decode()
    assert "number of bytes" in said
    assert "A role is" in said
    assert User.objects.filter(pk=bob.user_id).exists()


def test_lists_are_searched_and_filtered(operator, bob):
    pages = operator("auditor")
    found = pages.get("accounts/user/?q=bo").content.decode()
    assert "bob" in found and "/operators/accounts/user/" + bob.user_id in found
    assert "/operators/accounts/user/0" not in pages.get("accounts/user/?q=zz%25").content.decode()
    rows = pages.get(f"audit/auditentry/?q={bob.user_id}").content.decode()
    assert "account.created" in rows and bob.user_id not in re.sub(r"q=[0-9a-f-]+|value=\"[^\"]*\"", "", rows)
    assert pages.get("audit/auditentry/?act=account.created").status_code == 200
    for odd in ("?p=x", "?o=9", "?nothing=1", "?q=" + "x" * 3000, "?act__exact=%00"):
        assert pages.get(f"accounts/user/{odd}").status_code < 500
        assert pages.get(f"audit/auditentry/{odd}").status_code < 500


class MessagingStandIn(BaseHTTPRequestHandler):
    """Messaging's reports, as auth asks for them."""

    found = ()

    def do_GET(self):
        content = json.dumps({"reports": self.found}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


@pytest.fixture
def messaging(alice, bob):
    report = {
        "conversation_id": "01900000-0000-7000-8000-000000000000",
        "sequence": 7,
        "author": bob.user_id,
        "reporter": alice.user_id,
        "reason": "rude <b>",
        "stored_at": "2026-11-26T09:30:00.000Z",
        "reported_at": "2026-11-26T09:31:00.000Z",
        "kind": 1,
        "body": json.dumps({"text": "<script>alert(1)</script> rude words"}),
    }
    MessagingStandIn.found = [report, report | {"body": "no json"}, report | {"body": "7"}]
    path = settings.CONFIG.run_dir / "messaging-1.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), MessagingStandIn) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield
        server.shutdown()
        thread.join()
    path.unlink()


def test_moderators_read_reports_and_that_is_told(operator, messaging):
    page = operator("moderator").get("reports/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; rude words" in page
    assert "bob wrote, by the word of alice" in page and "rude &lt;b&gt;" in page
    row = AuditEntry.objects.latest("number")
    assert (row.act, row.details) == ("reports.read", {"reports": 3})


def test_auditors_read_no_reports(operator, messaging):
    answer = operator("auditor").get("reports/")
    assert answer.status_code == 403
    assert "rude" not in answer.content.decode()


def test_messaging_away_is_said(operator):
    assert "does not answer" in operator("moderator").get("reports/").content.decode()


class Inline(HTMLParser):
    """Finds what a strict policy would not let run: inline scripts, styles and handlers."""

    def __init__(self):
        super().__init__()
        self.found, self.loaded = [], []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "style" or (tag == "script" and not named.get("src")):
            self.found.append(tag)
        self.found += [name for name in named if name == "style" or name.startswith("on")]
        self.found += [
            value for name, value in attrs if name in {"href", "src", "action"} and value and "javascript:" in value
        ]
        self.loaded += [value for name, value in attrs if name in {"src", "href"} and tag in {"script", "link"}]


def test_pages_need_nothing_inline_and_load_only_their_own(operator, bob, messaging):
    pages = operator("owner")
    shown = [*PAGES, f"accounts/user/{bob.user_id}/change/", "accounts/user/?q=bo", "audit/auditentry/?act=x"]
    everything = {path: pages.get(path) for path in shown}
    everything["login/"] = Client(**HTTPS).get("/operators/login/")
    for path, answer in everything.items():
        assert answer.status_code in {200, 302}, path
        parser = Inline()
        parser.feed(answer.content.decode())
        assert parser.found == [], path
        for loaded in parser.loaded:
            assert loaded.startswith("/operators/"), loaded
            file = pages.client.get(loaded)
            assert file.status_code == 200, loaded
            assert b"".join(file.streaming_content)
            file.close()
        if answer.status_code == 200:
            assert "No page here shows what people write" in answer.content.decode()
            assert "no-store" in answer.headers["Cache-Control"]


def test_inline_things_would_be_found():
    parser = Inline()
    parser.feed('<style>a</style><script>x</script><a onclick="x" style="y" href="javascript:x">')
    assert parser.found == ["style", "script", "onclick", "style", "javascript:x"]


@pytest.mark.parametrize("path", ["../settings.py", "%2e%2e/settings.py", "admin/../../sites.py", "nothing.css", ""])
def test_only_styles_and_scripts_are_files(db, path):
    assert Client(**HTTPS).get(f"/operators/static/{path}").status_code in {400, 404}
