"""What the fake server does with reports of commits and with resets: their counts and their order, and none of the keys."""

from parley_contracts import problems
from parley_contracts.encoding import b64decode
from parley_contracts.policy import decode_policy
from parley_contracts.resets import RESET, UNUSABLE, report_client_id, reporters_needed
from parley_mls import PublicGroup, default_primitives


class FakeResets:
    """A part of the fake server."""

    def take_complaint(self, session, log, conversation_id, part, place: str, body) -> object:
        if part == "resets":
            return self.take_reset(session, log, conversation_id, place, body)
        take = self.take_report if part == "reports" else self.take_unusable
        return take(session, log, conversation_id, int(place), body)

    def take_unusable(self, session, log, conversation_id, sequence: int, body) -> object:
        client_id = report_client_id(conversation_id, sequence)
        if (entry := log.submitted(session["device"], client_id)) is not None:
            return self.appended(entry)
        suspect = log.entries[sequence - 1]
        if suspect.type != "commit.created" or suspect.generation != log.generation:
            raise problems.InvalidRequest("there is no commit at that entry", field="unusable")
        fields = {"unusable": sequence, "signature": body["signature"]}
        return self._publish(session, log, conversation_id, client_id, UNUSABLE, **fields)

    def take_reset(self, session, log, conversation_id, client_id, body) -> object:
        if (entry := log.submitted(session["device"], client_id)) is not None:
            return self.appended(entry)
        policy = b64decode(body["policy"])
        if decode_policy(policy).generation != log.generation + 1:
            raise problems.EpochStale(epoch=log.epoch, head=len(log.entries))
        if len(log.reporters(body["unusable"])) < reporters_needed(decode_policy(log.policy)):
            raise problems.PolicyRefused("a group is reset only where enough people cannot use a commit")
        log.begin_generation(PublicGroup.from_group_info(default_primitives(), b64decode(body["group_info"])), policy)
        sequence = len(log.entries) + 1
        log.states[1] = (sequence, body["group_info"], policy)
        log.welcome(body["welcome_devices"], body["welcome"])
        fields = {name: body[name] for name in ("unusable", "group_info", "policy")}
        return self._publish(session, log, conversation_id, client_id, RESET, **fields)
