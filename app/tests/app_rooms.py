"""What surrounds conversations at the engine's port: marks, signals, privacy, groups, links and what is sent later."""


class RoomAnswers:
    """The part of a device in memory that answers for all of these; `people` maps user names to ids."""

    def _settings_change(self, conversation_id, **marks):
        self.summaries[conversation_id] |= marks
        self.tell("conversation.changed", conversation_id=conversation_id)
        return {}

    def _mark_unread(self, conversation_id, sequence=None):
        log = self.logs[conversation_id]
        last = max((row["sequence"] for row in log if not row["own"]), default=0)
        after = (sequence or last) - 1
        count = sum(1 for row in log if row["sequence"] > after and not row["own"])
        self.summaries[conversation_id] |= {"marked_unread": True, "unread": count, "unread_after": after}
        return {}

    def _typing_start(self, conversation_id):
        return {}

    def _typing_stop(self, conversation_id):
        return {}

    def _presence_watch(self, user_ids):
        return {"people": [self.presences[each] for each in user_ids if each in self.presences]}

    def _presence_set(self, status):
        return {}
