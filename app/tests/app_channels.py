"""Open channels at the engine's port: the directory, coming and going, search, and applications."""

from parley_app.engine import EngineError

PAGE = 3


def channel(channel_id, name, **more):
    fields = {"conversation_id": channel_id, "name": name, "topic": "", "description": "", "members": 4}
    return fields | {"joined": False} | more


class ChannelAnswers:
    """The part of a device in memory that answers for them.

    `made` makes a summary, `channels` is the directory; `posts` what a search may find, the newest first; `applications` are by channel.
    """

    def _channel_list(self, query="", after=None):
        found = [each for each in self.channels if query in each["name"] and each["name"] > (after or "")]
        rest = len(found) > PAGE
        return {"channels": found[:PAGE], "next": found[PAGE - 1]["name"] if rest else None}

    def _channel_create(self, name, topic, description):
        self.channels.append(channel("made", name, topic=topic, description=description, members=1, joined=True))
        return self._belong(self.channels[-1], "owner")

    def _channel_join(self, channel):
        return self._belong(next(each for each in self.channels if each["conversation_id"] == channel), "member")

    def _channel_leave(self, channel):
        self._group_leave(channel)
        return self.summaries[channel]

    def _belong(self, channel, role):
        where = channel["conversation_id"]
        me = {"user_id": "user-me", "username": "anna", "role": role, "muted_until": None}
        ben = {"user_id": "user-ben", "username": "ben", "role": "member", "muted_until": None}
        may = ["send", "pin", "invite", "remove", "ban", "roles"] if role == "owner" else ["send", "pin"]
        self.add(self.made(where, kind="open", name=channel["name"], members=[me, ben], may=may))
        self.tell("conversation.changed", conversation_id=where)
        return self.summaries[where]

    def _search(self, query, with_files=False, conversation=None, sender=None, since="", until="~", after=None):
        if sender is not None and sender not in {"anna", "ben", "carla"}:
            raise EngineError("not_found", "nobody")
        found = [
            each
            for each in self.posts
            if all(word in each["text"].lower() for word in query.lower().split())
            and conversation in {None, each["conversation_id"]}
            and sender in {None, each["user_id"].removeprefix("user-").replace("me", "anna")}
            and since <= each["stored_at"] < until
            and (not with_files or "file" in each["text"])
        ]
        begin = int(after or 0)
        rest = len(found) > begin + PAGE
        return {"hits": found[begin : begin + PAGE], "next": str(begin + PAGE) if rest else None}

    def _channel_apps(self, channel):
        return list(self.applications.get(channel, []))

    def _channel_app_create(self, channel, name, scopes, callback_url=None):
        known = self.applications.setdefault(channel, [])
        made = {"application_id": f"app-{len(known)}", "conversation_id": channel, "name": name, "scopes": scopes}
        made |= {"created_by": "user-me", "created_at": "2026-11-26T12:00:00Z"}
        known.append(made | {"callback_url": callback_url, "callback_ended": ""})
        return {"application": known[-1], "token": "pat_secret", "signing_secret": "whsec_secret"}

    def _channel_app_revoke(self, channel, application_id):
        self.applications[channel] = [
            each for each in self.applications[channel] if each["application_id"] != application_id
        ]
        return {}
