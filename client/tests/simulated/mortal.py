"""A store whose process dies at a write, before or after it is durable."""

from contextlib import contextmanager

from crashing import Crash

from parley_client.platforms.sqlite import SqliteStore


class MortalStore(SqliteStore):
    """`fate`: after so many writes the process dies; the next one on the same profile finds what was durable by then."""

    def __init__(self, profile) -> None:
        self.fate: int | None = None
        self.dead = False
        super().__init__(profile)
        self._connection.execute("PRAGMA synchronous=OFF")  # processes die here, machines do not

    def execute(self, sql, parameters=()):
        self.breathe()
        if not sql.startswith("SELECT"):
            self._strike()
        return super().execute(sql, parameters)

    @contextmanager
    def transaction(self):
        self.breathe()
        outermost = not self._depth
        with super().transaction():
            yield
        if outermost:
            self._strike()

    def breathe(self) -> None:
        """Raise `Crash` where the process is dead."""
        if self.dead:
            raise Crash

    def _strike(self) -> None:
        if self.fate is not None:
            self.fate -= 1
            if self.fate < 0:
                self.dead = True
                raise Crash
