"""The fake server's backups: all that it keeps of messaging, as it was."""

import copy


class FakeBackups:
    """A part of `FakeServer`. Accounts and sessions stay as they are, like those of another database."""

    generation = "1"

    def backup(self) -> tuple:
        logs = {place: log.copy() for place, log in self.logs.items()}
        return logs, copy.deepcopy(self.archive), copy.deepcopy(self.indexes), copy.deepcopy(self.history_keys)

    def restore(self, backup: tuple) -> None:
        """Bring a backup back, and say so: all sockets end."""
        logs, self.archive, self.indexes, self.history_keys = backup
        self.logs = {place: log.copy() for place, log in logs.items()}
        self.generation += "+"
        for sockets in self.sockets.values():
            for socket in sockets:
                socket.push(4000)
            sockets.clear()
