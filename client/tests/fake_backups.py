"""The fake server's backups: all that it keeps of messaging, as it was."""

import copy

from parley_contracts import problems


class FakeBackups:
    """A part of `FakeServer`. Accounts and sessions stay as they are, like those of another database."""

    generation = "1"

    def backup(self) -> tuple:
        logs = {place: log.copy() for place, log in self.logs.items()}
        kept = (self.archive, self.indexes, self.history_keys, self.settings, self.state.privacy)
        return logs, *copy.deepcopy(kept)

    def restore(self, backup: tuple) -> None:
        """Bring a backup back, and say so: all sockets end."""
        logs, self.archive, self.indexes, self.history_keys, self.settings, self.state.privacy = copy.deepcopy(backup)
        self.logs = {place: log.copy() for place, log in logs.items()}
        self.generation += "+"
        for sockets in self.sockets.values():
            for socket in sockets:
                socket.push(4000)
            sockets.clear()

    def _messaging_history_keys(self, session, method, rest, body, query) -> object:
        kept = self.history_keys[session["user"]]
        if method == "PUT":
            if kept.setdefault(int(rest[0]), body["sealed"]) != body["sealed"]:
                raise problems.Conflict
            return {}
        return {"history_keys": [{"version": v, "sealed": s} for v, s in sorted(kept.items())]}

    def _messaging_account_index(self, session, method, rest, body, query) -> object:
        stored = self.indexes.get(session["user"])
        if method == "PUT":
            if body != stored and body["version"] != (stored["version"] if stored else 0) + 1:
                raise problems.VersionStale(version=stored["version"] if stored else 0)
            self.indexes[session["user"]] = body
            return body
        return stored or {"version": 0, "sealed": ""}
