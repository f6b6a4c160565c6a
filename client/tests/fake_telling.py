"""Announcements and terms on the server in memory."""

from parley_contracts import problems


class FakeTelling:
    """A part of the server; `terms` are the texts of all versions."""

    def __init__(self) -> None:
        super().__init__()
        self.announcements: list[str] = []
        self.terms: list[str] = []
        self.agreed: dict[str, int] = {}

    def _auth_announcements(self, session, method, rest, body, query) -> object:
        fields = {"created_at": "2026-01-01T00:00:00Z", "ends_at": "2026-02-01T00:00:00Z"}
        rows = [{"announcement_id": str(number), "text": text} for number, text in enumerate(self.announcements)]
        return {"announcements": [row | fields for row in rows]}

    def _auth_me(self, session, method, rest, body, query) -> object:
        if rest == ["consent"]:
            return self._consent(session["user"], method, body)
        return super()._auth_me(session, method, rest, body, query)

    def _newest_terms(self) -> object:
        if not self.terms:
            raise problems.NotFound
        return {"version": len(self.terms), "text": self.terms[-1], "published_at": "2026-01-01T00:00:00Z"}

    def _consent(self, user_id: str, method: str, body: dict) -> object:
        if method == "PUT":
            if body["version"] != len(self.terms):
                raise problems.VersionStale(version=len(self.terms))
            self.agreed[user_id] = body["version"]
        version = self.agreed.get(user_id, 0)
        due = len(self.terms) if len(self.terms) != version else None
        return {"version": version, "agreed_at": "2026-01-02T00:00:00Z" if version else None, "version_due": due}
