"""What a device answers about contacts, requests and blocks: a part of `FakeDevice`."""


class PeopleAnswers:
    """`contacts` and `blocked` are lists of people as the engine tells them; `by_name` whether this person is found."""

    def _contacts(self):
        return list(self.contacts)

    def _blocks(self):
        return list(self.blocked)

    def _contact_add(self, username):
        self.contacts.append(self._called(username))
        return self._contacts()

    def _contact_remove(self, username):
        self.contacts.remove(self._called(username))
        return self._contacts()

    def _person_block(self, username):
        self.blocked.insert(0, self._called(username))
        return self._mark(username, blocked=True)

    def _person_unblock(self, username):
        self.blocked.remove(self._called(username))
        return self._mark(username, blocked=False)

    def _discovery(self):
        return {"by_name": self.by_name}

    def _discovery_change(self, by_name):
        self.by_name = by_name
        return self._discovery()

    def _request_accept(self, conversation_id):
        self.summaries[conversation_id] |= {"request": False, "unread": 0}
        self.tell("conversation.changed", conversation_id=conversation_id)
        return {}

    def _called(self, username):
        return {"user_id": f"user-{username}", "username": username}

    def _mark(self, username, **changed):
        """Let the conversation with somebody alone say how it stands."""
        for each in self.summaries.values():
            if each["kind"] == "direct" and username in {member["username"] for member in each["members"]}:
                self.summaries[each["conversation_id"]].update(changed)
                self.tell("conversation.changed", conversation_id=each["conversation_id"])
        self.tell("blocks.changed")
        return self._blocks()
