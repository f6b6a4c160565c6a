"""The account itself at the engine's port: address, password, second step, and what asks for a recent sign-in."""

import asyncio

from parley_app.bridge import PlainBridge
from parley_app.engine import EngineError
from parley_contracts.encoding import b64encode
from parley_contracts.limits import EXPORT_PART_SIZE_BYTES

PASSWORD, CODE, LETTER_CODE = "long enough words", "123456", "LETTER-CODE"
RECOVERY_WORDS = "abacus abdomen abide ability ablaze able"
NEW_DIGITS, OLD_DIGITS = "111222", "333444"
#: What the server keeps of the person.
ARCHIVE = b"PK" * (EXPORT_PART_SIZE_BYTES // 2) + b"the end"
#: What a browser makes of a passkey, as WebAuthn's JSON has it.
MADE = {
    "id": "key",
    "rawId": "key",
    "type": "public-key",
    "response": {"clientDataJSON": "made", "attestationObject": "made", "transports": ["internal"]},
    "clientExtensionResults": {},
}
SIGNED = {
    "id": "key",
    "rawId": "key",
    "type": "public-key",
    "response": {"clientDataJSON": "got", "authenticatorData": "got", "signature": "got", "userHandle": None},
    "authenticatorAttachment": "platform",
}


class PasskeyBridge(PlainBridge):
    """A browser with passkeys; `fault` is what it says instead of giving one."""

    def __init__(self, server="https://parley.test"):
        super().__init__(server)
        self.fault = None
        self.asked = []

    async def passkeys(self):
        return True

    async def make_passkey(self, options):
        return self._give("make", options, MADE)

    async def use_passkey(self, options):
        return self._give("use", options, SIGNED)

    def _give(self, deed, options, given):
        self.asked.append((deed, options))
        if self.fault is not None:
            raise self.fault
        return given


def giving(credential, secret):
    """The same credential, with what its PRF gave."""
    return credential | {"clientExtensionResults": {"prf": {"enabled": True, "results": {"first": secret}}}}


class SecretBridge(PasskeyBridge):
    """A browser whose passkeys give a secret: `at_once` already when they are made, else when they are asked, or never."""

    at_once, secret = True, "the secret"

    async def make_passkey(self, options):
        made = await super().make_passkey(options)
        return giving(made, self.secret) if self.at_once and self.secret else made

    async def use_passkey(self, options):
        used = await super().use_passkey(options)
        return giving(used, self.secret) if self.secret else used


def own_session(session_id, name, *, is_current=False):
    when = {"created_at": "2026-11-01T09:00:00Z", "last_seen_at": "2026-11-26T11:00:00Z"}
    device_id = f"{session_id}-device" if name else None
    fields = {
        "session_id": session_id,
        "device_id": device_id,
        "name": name,
        "platform": "cli",
        "network": "192.0.2.0/24",
    }
    return fields | when | {"is_current": is_current}


class AccountAnswers:
    """The part of a device in memory that answers for it; `recent` is whether the server takes the sign-in for recent.

    `profile` and `factors` are what the server has; `letters` the addresses to which codes went.
    """

    def __init__(self):
        no_witness = {"at_least": 0, "witnesses": [], "alarms": []}
        self.key_log = {"state": "not_followed", "key": "", "size": 0, "signed_at": 0, **no_witness}
        self.key_log_news = {"state": "self_audited", "size": 3, "signed_at": 1_780_000_000}
        self.recent = True
        self.awaiting = 0
        self.password = PASSWORD
        self.profile = {"email": "anna@old.test", "email_verified": False}
        self.profile |= {"has_recovery_words": False, "has_recovery_passkey": False}
        self.profile |= {"display_name": "anna"} | dict.fromkeys(("about", "pronouns", "time_zone"), "")
        #: Credential and secret of the passkey that stands for the recovery key.
        self.recovery_passkey = None
        self.factors = {"totp_since": None, "recovery_codes_left": 0, "passkeys": []}
        self.letters = []
        #: What operators tell everybody, and the texts of all versions of the terms, with the one that was agreed to.
        self.announcements, self.terms, self.agreed = [], [], 0
        self.ends_at = "9999-01-01T00:00:00Z"
        self.sign_ins = [
            {
                "signed_in_at": "2026-11-26T11:00:00Z",
                "network": "192.0.2.0/24",
                "program": "Edge on Windows",
                "is_new": True,
            },
            {"signed_in_at": "2026-11-01T09:00:00Z", "network": "", "program": "Another program", "is_new": False},
        ]
        self.rules = {"mode": "open", "domains": [], "members_invite": False, "providers": []}
        self.invitations = []
        #: What whoever comes back from a provider has to give, one after the other, and the invitation with which they left.
        self.steps, self.left_with = ["restore"], ""
        self.codes_made = 0
        self.offers = [{"link_id": "one", "name": "Tablet"}]
        self.linked = []
        self.locked_out = []
        self.archives = []
        self.scanned, self.joined = asyncio.Event(), asyncio.Event()
        self.sessions = [
            own_session("here", "Firefox", is_current=True),
            own_session("phone", "Phone"),
            own_session("new", ""),
        ]

    def _announcements(self):
        return [{"announcement_id": text, "text": text, "ends_at": self.ends_at} for text in self.announcements]

    def _account_terms(self):
        version = len(self.terms)
        due = {"version": version, "text": self.terms[-1]} if version > self.agreed else None
        return {"version": self.agreed, "agreed_at": None, "due": due}

    def _account_agree(self, version):
        if version != len(self.terms):
            raise EngineError("version_stale", "newer ones")
        self.agreed = version
        return self._account_terms()

    def _key_log(self):
        return self.key_log

    def _key_log_follow(self):
        self.key_log |= self.key_log_news
        return self.key_log

    def _key_log_start_anew(self):
        self.key_log |= {"state": "self_audited", "alarms": []}
        return self.key_log

    def _sign_up_rules(self, server, ca_file):
        return dict(self.rules)

    def _invitations(self):
        if not self.rules["members_invite"]:
            raise EngineError("forbidden", "here only operators invite")
        return [dict(each) for each in self.invitations]

    def _invitation_make(self, uses, lifetime_s):
        number = len(self.invitations)
        when = {"created_at": "2026-11-26T11:00:00Z", "expires_at": "2026-12-03T11:00:00Z"}
        self.invitations.insert(0, {"invitation_id": f"i{number}", "uses": uses, "used": 0, **when})
        return {
            "invitation": self.invitations[0],
            "code": "CODE",
            "link": f"https://parley.test/#invitation=CODE{number}",
        }

    def _invitation_withdraw(self, invitation_id):
        self.invitations = [each for each in self.invitations if each["invitation_id"] != invitation_id]
        return {}

    def _account_sign_ins(self):
        return [dict(each) for each in self.sign_ins]

    def _provider_begin(self, server, ca_file, provider, redirect_uri, invitation):
        self.left_with = invitation
        return {"url": f"https://id.test/{provider}?to={redirect_uri}"}

    def _provider_finish(self, address):
        if "error=" in address:
            raise EngineError("provider_refused", "no")
        return self._next_step()

    def _provider_code(self, code):
        if code != CODE:
            raise EngineError("wrong_code", "no")
        return self._next_step()

    def _next_step(self):
        return {"step": self.steps.pop(0), "username": "anna.there", "invitation": self.left_with}

    def _provider_register(self, **words):
        return self._register(**words)

    def _provider_restore(self, **words):
        return self._login(**words)

    def _account_begin_anew(self, **words):
        if self.factors["totp_since"] and words["code"] != CODE:
            raise EngineError("wrong_code" if words["code"] else "second_factor_required", "no")
        return self._register(**words)

    def _conversations_awaiting(self):
        return {"count": self.awaiting}

    def _provider_begin_anew(self):
        return self._register()

    def _account(self):
        return dict(self.profile)

    def _recovery_words_draw(self, recovery_key):
        self._expect_recent()
        if recovery_key != "PARLEY-KEY":
            raise EngineError("recovery_key_refused", "no")
        self.profile["has_recovery_words"] = True
        return {"words": RECOVERY_WORDS}

    def _recovery_key_replace(self, recovery_key):
        if recovery_key != "PARLEY-KEY":
            raise EngineError("recovery_key_refused", "no")
        self.profile |= {"has_recovery_words": False, "has_recovery_passkey": False}
        self.recovery_key = "PARLEY-CCCC-DDDD-2E0F"
        return {"recovery_key": self.recovery_key}

    def _recovery_passkey_begin(self, recovery_key):
        if recovery_key != "PARLEY-KEY":
            raise EngineError("recovery_key_refused", "no")
        return {"options": {"publicKey": "begin"}}

    def _recovery_passkey_question(self, credential):
        return {"options": {"publicKey": credential}}

    def _recovery_passkey_keep(self, credential, secret):
        self._expect_recent()
        self.recovery_passkey = (credential, secret)
        self.profile["has_recovery_passkey"] = True
        return {}

    def _recovery_passkey_leave(self):
        return {}

    def _provider_recovery_passkey(self):
        return self._recovery_passkey_ask()

    def _provider_recovery_passkey(self):
        return self._recovery_passkey_ask()

    def _recovery_passkey_ask(self, **words):
        if self.recovery_passkey is None:
            raise EngineError("recovery_passkey_refused", "no passkey stands for this recovery key")
        return {"options": {"publicKey": self.recovery_passkey[0]}}

    def _recovery_passkey_restore(self, secret):
        if secret != self.recovery_passkey[1]:
            raise EngineError("recovery_passkey_refused", "this passkey does not open this recovery key")
        return self._login(recovery_key="")

    def _account_factors(self):
        return dict(self.factors)

    def _account_reauthenticate(self, password, code):
        if password != self.password:
            raise EngineError("wrong_credentials", "no")
        if self.factors["totp_since"] and code != CODE:
            raise EngineError("wrong_code", "no")
        self.recent = True
        return {}

    def _account_password(self, current, new):
        if current != self.password:
            raise EngineError("wrong_credentials", "no")
        self.password = new
        return {}

    def _account_send_code(self):
        self.letters.append(self.profile["email"])
        return {}

    def _account_email(self, email):
        self._expect_recent()
        self.letters.append(email)
        return {}

    def _account_verify(self, code):
        if code != LETTER_CODE:
            raise EngineError("wrong_code", "no")
        self.profile |= {"email": [self.profile["email"], *self.letters][-1], "email_verified": True}
        return dict(self.profile)

    def _account_totp_begin(self):
        self._expect_recent()
        return {"secret": "JBSWY3DPEHPK3PXP", "url": "otpauth://totp/anna", "setup": "signed"}

    def _account_totp_confirm(self, setup, code):
        self._expect_recent()
        if (setup, code) != ("signed", CODE):
            raise EngineError("wrong_code", "no")
        self.factors |= {"totp_since": "2026-11-01T09:00:00Z"}
        return self._account_recovery_codes()

    def _account_totp_remove(self):
        self._expect_recent()
        self.factors |= {"totp_since": None, "recovery_codes_left": 0}
        return {}

    def _account_recovery_codes(self):
        self._expect_recent()
        self.factors |= {"recovery_codes_left": 2}
        self.codes_made += 1
        return {"codes": [f"1000000{self.codes_made}", f"2000000{self.codes_made}"]}

    def _account_passkey_begin(self):
        self._expect_recent()
        return {"options": {"publicKey": "creation"}, "setup": "signed"}

    def _account_passkey_confirm(self, setup, name, credential):
        self._expect_recent()
        assert (setup, credential) == ("signed", MADE)
        number = len(self.factors["passkeys"]) + 1
        key = {"number": number, "name": name, "created_at": "2026-11-01T09:00:00Z", "last_used_at": None}
        codes = [] if self.factors["passkeys"] else ["10000001", "20000001"]
        self.factors |= {"passkeys": [*self.factors["passkeys"], key], "recovery_codes_left": 2}
        return {"passkey": key, "recovery_codes": codes}

    def _account_passkey_remove(self, number):
        self._expect_recent()
        self.factors |= {"passkeys": [each for each in self.factors["passkeys"] if each["number"] != number]}
        return {}

    def _account_passkey_check(self):
        return {"options": {"publicKey": "check"}, "challenge": "signed"}

    def _account_passkey_prove(self, challenge, credential):
        assert (challenge, credential) == ("signed", SIGNED)
        self.recent = True
        return {}

    def _account_passkey_ask(self, server, username, password, ca_file):
        return {"options": {"publicKey": username or "anybody"}, "flow": "flow"}

    def _account_forgot(self, server, email, ca_file):
        self.letters.append(email)
        return {}

    def _account_reset(self, server, code, new, ca_file):
        if code != LETTER_CODE:
            raise EngineError("wrong_code", "no")
        self.password = new
        return {}

    def _account_sessions(self):
        return list(self.sessions)

    def _account_session_end(self, session_id):
        self._expect_recent()
        self.sessions = [each for each in self.sessions if each["session_id"] != session_id]
        return {}

    def _account_sessions_end_others(self):
        self._expect_recent()
        self.sessions = [each for each in self.sessions if each["is_current"]]
        return {}

    def _account_delete(self):
        self._expect_recent()
        self.tell("signed_out", going_at="2026-12-11T09:00:00Z")
        return {"due_at": "2026-12-11T09:00:00Z"}

    def _account_export(self):
        self._expect_recent()
        at = {"asked_at": "2026-11-26T11:00:00Z", "expires_at": "2026-11-29T11:00:00Z"}
        self.archives = [{"export_id": "e1", "state": "working", "progress_percent": 40, "size_bytes": None, **at}]
        return self.archives[0]

    def _account_exports(self):
        return [dict(each) for each in self.archives]

    def _account_export_part(self, export_id, part):
        self._expect_recent()
        return {"data": b64encode(ARCHIVE[part * EXPORT_PART_SIZE_BYTES : (part + 1) * EXPORT_PART_SIZE_BYTES])}

    def _history_export(self, position):
        return {"lines": f"line{position}\n", "next": " 2" if not position else None}

    def _device_lock_out(self, device_id, recovery_key):
        if recovery_key != "PARLEY-MINE":
            raise EngineError("recovery_key_refused", "no")
        self.locked_out.append(device_id)
        self.sessions = [each for each in self.sessions if each["device_id"] != device_id]
        return {}

    # --- linking: the old device's side, then the new one's

    def _link_offers(self):
        return list(self.offers)

    def _link_answer(self, link_id):
        self._expect_recent()
        self.offers = []
        return {}

    def _link_confirm(self, digits):
        if digits != NEW_DIGITS:
            raise EngineError("link_refused", "no")
        self.linked.append("Tablet")
        return {"digits": OLD_DIGITS}

    def _link_show(self):
        self._expect_recent()
        return {"text": "PARLEY LINK ABCDEFGH"}

    async def _link_hand_over(self):
        await self.scanned.wait()
        return {}

    async def _link_joined(self):
        await self.joined.wait()
        return {}

    def _link_cancel(self):
        return {}

    def _link_ask(self, **words):
        return {}

    def _link_digits(self):
        return {"digits": NEW_DIGITS}

    def _link_finish(self, digits):
        if digits != OLD_DIGITS:
            raise EngineError("link_refused", "no")
        self.signed_in = True
        return {}

    def _link_scan(self, text, **words):
        if not text.startswith("PARLEY LINK"):
            raise EngineError("usage", "this is no code for linking a device")
        self.signed_in = True
        return {}

    def _expect_recent(self):
        if not self.recent:
            raise EngineError("sign_in_again", "again")
