"""Signing up and in on the server in memory, and who may make an account there."""

from parley_contracts import problems
from parley_contracts.ids import new_uuid7


class FakeEntrance:
    """A part of the server: anybody comes in, until `invitations` holds the codes that each let one account in."""

    users: dict
    sessions: dict
    invitations: list[str] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.provider_flows: list[str] = []
        self.identities: dict[str, str] = {}

    def _entrance(self, parts: list[str], body: dict) -> object:
        if "provider" in parts or "providers" in parts:
            return self._by_provider(parts[-1], body)
        name = parts[-1]
        if name == "sign-up":
            mode = "open" if self.invitations is None else "invitation"
            return {"mode": mode, "domains": [], "members_invite": False}
        user = self.users.get(body["username"])
        if name == "signup":
            self._let_in(body.pop("invitation", ""))
            if user is not None:
                raise problems.UsernameTaken
            user = self.users[body["username"]] = {"id": new_uuid7(), **body}
        elif user is None or user["password"] != body["password"]:
            raise problems.WrongCredentials
        return self._entered(user)

    def _by_provider(self, name: str, body: dict) -> object:
        """At the provider everybody is who the code says; `identities` has their user names here."""
        if name == "begin":
            self.provider_flows.append(f"flow {len(self.provider_flows)}")
            return {"url": f"https://id.test/?to={body['redirect_uri']}", "flow_token": self.provider_flows[-1]}
        if body["flow_token"] not in self.provider_flows:
            raise problems.Unauthenticated
        if name == "signup":
            self._let_in(body.get("invitation", ""))
            if body["username"] in self.users:
                raise problems.UsernameTaken
            self.users[body["username"]] = {"id": new_uuid7(), "username": body["username"], "password": None}
            self.identities[body["flow_token"]] = body["username"]
            return self._entered(self.users[body["username"]])
        self.provider_flows.remove(body["flow_token"])
        if body["state"] != "state" or body["iss"] != "https://id.test":
            raise problems.ProviderRefused
        if body["code"] not in self.identities:
            self.provider_flows.append(body["code"])
            raise problems.ProviderAccountMissing(flow_token=body["code"], suggested_username="grace")
        return self._entered(self.users[self.identities[body["code"]]])

    def _entered(self, user: dict) -> dict:
        shown = {"id": user["id"], "username": user["username"], "display": user["username"]}
        return {"meta": self._tokens({"user": user["id"], "device": None}), "data": {"user": shown}}

    def _tokens(self, session: dict) -> dict:
        token = new_uuid7()
        self.sessions[token] = session
        return {"access_token": token, "refresh_token": "r", "expires_in_s": self.token_lifetime_s}

    def _let_in(self, code: str) -> None:
        if self.invitations is None:
            return
        if code not in self.invitations:
            raise problems.InvitationRefused
        self.invitations.remove(code)
