"""What the fake server does with reports of commits and with resets: all that the real one judges, but the signatures."""

from parley_client.groups.judgement import leaves_of
from parley_contracts import problems
from parley_contracts.encoding import b64decode
from parley_contracts.policy import decode_policy
from parley_contracts.resets import RESET, RESET_EPOCHS_MAX, UNUSABLE, check_reset, report_client_id
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
        suspect = _suspect(log, sequence)
        devices = {leaf.device_id for leaf in _stayed_since(log, suspect)} - {suspect.device_id}
        if session["device"] not in devices:
            raise problems.PolicyRefused("this device has no part in that commit")
        fields = {"unusable": sequence, "signature": body["signature"]}
        return self._publish(session, log, conversation_id, client_id, UNUSABLE, **fields)

    def take_reset(self, session, log, conversation_id, client_id, body) -> object:
        if (entry := log.submitted(session["device"], client_id)) is not None:
            return self.appended(entry)
        suspect = _suspect(log, body["unusable"])
        if log.epoch - suspect.epoch >= RESET_EPOCHS_MAX:
            raise problems.PolicyRefused("that commit is too long ago")
        policy = b64decode(body["policy"])
        group = _shown(body["group_info"])
        check_reset(
            decode_policy(log.policy),
            decode_policy(policy),
            author=(session["user"], session["device"]),
            suspect_author=(suspect.user_id, suspect.device_id),
            reporters=log.reporters(suspect.sequence),
            leaves=[(leaf.user_id, leaf) for leaf in leaves_of(group)],
            allowed=_stayed_since(log, suspect),
        )
        log.begin_generation(group, policy)
        sequence = len(log.entries) + 1
        log.states[1] = (sequence, body["group_info"], policy)
        log.welcome(body["welcome_devices"], body["welcome"])
        fields = {name: body[name] for name in ("unusable", "group_info", "policy")}
        return self._publish(session, log, conversation_id, client_id, RESET, **fields)


def _suspect(log, sequence: int):
    """The commit of the present generation at that entry."""
    suspect = log.entries[sequence - 1]
    if suspect.type != "commit.created":
        raise problems.InvalidRequest("there is no commit at that entry", field="unusable")
    if suspect.generation != log.generation:
        raise problems.EpochStale(epoch=log.epoch, head=len(log.entries))
    return suspect


def _stayed_since(log, suspect) -> set:
    """The leaves of before a commit that nobody has taken out since."""
    _, group_info, _ = log.states[suspect.epoch - 1]
    return {*leaves_of(_shown(group_info))} & {*leaves_of(log.public)}


def _shown(group_info: str) -> PublicGroup:
    return PublicGroup.from_group_info(default_primitives(), b64decode(group_info))
