"""What surrounds conversations at the engine's port: marks, signals, privacy, groups, links and what is sent later."""

from parley_app.engine import EngineError
from parley_contracts.policy import PERMISSIONS, RANKS, Permissions

RULES = {permission: Permissions().lowest(permission) for permission in PERMISSIONS}


class RoomAnswers:
    """The part of a device in memory that answers for all of these.

    `groups` holds what is not in the summary: permissions, who is banned, links, who asks; the owner's own id comes first
    in each summary's members.
    """

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

    def _privacy(self):
        return dict(self.privacy)

    def _privacy_change(self, **settings):
        self.privacy |= settings
        return dict(self.privacy)

    # --- what is sent later

    def _schedule_list(self):
        return sorted(self.scheduled, key=lambda each: each["send_at"])

    def _schedule_create(self, to, text, send_at):
        made = {"conversation_id": to, "client_id": f"s{len(self.calls)}", "text": text, "send_at": send_at}
        self.scheduled.append(made | {"held": True})
        return self.scheduled[-1]

    def _schedule_cancel(self, client_id):
        if client_id not in [each["client_id"] for each in self.scheduled]:
            raise EngineError("unknown_message", "there is no such scheduled message")
        self.scheduled = [each for each in self.scheduled if each["client_id"] != client_id]
        return {}

    # --- reminders

    def _reminders(self):
        return sorted(self.reminded, key=lambda each: each["at"])

    def _remind(self, conversation_id, sequence, at):
        self._reminder_forget(conversation_id, sequence)
        self.reminded.append({"conversation_id": conversation_id, "sequence": sequence, "at": at, "due": False})
        return self.reminded[-1]

    def _reminder_forget(self, conversation_id, sequence):
        kept = [
            each for each in self.reminded if (each["conversation_id"], each["sequence"]) != (conversation_id, sequence)
        ]
        self.reminded = kept
        return {}

    def _message_report(self, conversation_id, sequence, reason):
        return {}

    # --- groups

    def _governed(self, conversation_id):
        found = {"permissions": dict(RULES), "banned": [], "links": [], "asking": [], "shared": False, "timer_s": None}
        return self.groups.setdefault(conversation_id, found)

    def _group_info(self, conversation_id):
        summary, kept = self.summaries[conversation_id], self._governed(conversation_id)
        role = next((m["role"] for m in summary["members"] if m["user_id"] == "user-me"), None)
        rules = kept["permissions"]
        may = [each for each, lowest in rules.items() if role and RANKS[role] >= RANKS[lowest]]
        fields = {"conversation_id": conversation_id, "name": summary["name"], "topic": "", "role": role, "may": may}
        fields |= {"history_sharing": kept["shared"], "timer_s": kept["timer_s"]}
        fields |= {"muted": [each for each in summary["members"] if each["muted_until"]]}
        return fields | {"members": summary["members"], "banned": kept["banned"], "permissions": dict(rules)}

    def _group_audit(self, conversation_id, before=None):
        found = self._governed(conversation_id).get("deeds", [])
        deeds = [deed for deed in found if before is None or deed["sequence"] < before]
        shown = deeds[:2]
        return {"deeds": shown, "next": shown[-1]["sequence"] if len(deeds) > 2 else None}

    def _group_mute(self, conversation_id, members, lifetime_s):
        until = "always" if lifetime_s is None else "2026-11-26T13:00:00Z"
        self._set_muted(conversation_id, members, until)

    def _group_unmute(self, conversation_id, members):
        self._set_muted(conversation_id, members, None)

    def _set_muted(self, conversation_id, members, until):
        found = self.summaries[conversation_id]["members"]
        self._members(conversation_id, [m | {"muted_until": until} if m["username"] in members else m for m in found])

    def _members(self, conversation_id, members):
        self.summaries[conversation_id] |= {"members": members}
        self.tell("conversation.changed", conversation_id=conversation_id)

    def _without(self, conversation_id, names):
        return [each for each in self.summaries[conversation_id]["members"] if each["username"] not in names]

    def _group_role(self, conversation_id, member, role):
        found = self.summaries[conversation_id]["members"]
        self._members(conversation_id, [m | {"role": role} if m["username"] == member else m for m in found])

    def _group_remove(self, conversation_id, members):
        self._members(conversation_id, self._without(conversation_id, members))

    def _group_ban(self, conversation_id, members):
        kept = self._governed(conversation_id)
        kept["banned"] += [{"user_id": f"user-{each}", "username": each, "role": None} for each in members]
        self._group_remove(conversation_id, members)

    def _group_unban(self, conversation_id, members):
        kept = self._governed(conversation_id)
        kept["banned"] = [each for each in kept["banned"] if each["username"] not in members]

    def _group_permissions(self, conversation_id, permissions):
        self._governed(conversation_id)["permissions"] |= permissions

    def _group_history(self, conversation_id, shared):
        self._governed(conversation_id)["shared"] = shared

    def _group_picture(self, conversation_id, data):
        self.pictures[conversation_id] = data
        version = f"v{len(self.calls)}" if data is not None else ""
        self.summaries[conversation_id] |= {"picture": version}
        self.tell("conversation.changed", conversation_id=conversation_id)
        return {}

    def _group_picture_read(self, conversation_id):
        return {"data": self.pictures.get(conversation_id)}

    def _group_timer(self, conversation_id, seconds):
        self.summaries[conversation_id] |= {"timer_s": seconds}
        self.tell("conversation.changed", conversation_id=conversation_id)

    def _group_retention(self, conversation_id, seconds):
        self.summaries[conversation_id] |= {"retention_s": seconds}
        self.tell("conversation.changed", conversation_id=conversation_id)

    def _group_leave(self, conversation_id):
        self.summaries[conversation_id] |= {"status": "removed", "may": []}
        self._members(conversation_id, self._without(conversation_id, ["anna"]))

    def _conversation_reset_confirm(self, conversation_id):
        self.summaries[conversation_id] |= {"status": "member"}
        self.tell("conversation.changed", conversation_id=conversation_id)
        return {}

    def _group_links(self, conversation_id):
        return self._governed(conversation_id)["links"]

    def _group_link_create(self, conversation_id, lifetime_s, uses_max, automatic):
        links = self._governed(conversation_id)["links"]
        made = {"link_id": f"link-{len(links)}", "created_by": "anna", "role": "member", "uses": 0}
        until = "2026-12-03T12:00:00Z" if lifetime_s else None
        made |= {"uses_max": uses_max, "expires_at": until, "automatic": automatic, "open": True}
        links.append(made | {"url": f"https://parley.test/#join={len(links)}"})
        return links[-1]

    def _group_link_revoke(self, conversation_id, link_id):
        kept = self._governed(conversation_id)
        kept["links"] = [link for link in kept["links"] if link["link_id"] != link_id]

    def _group_requests(self, conversation_id):
        return self._governed(conversation_id)["asking"]

    def _group_approve(self, conversation_id, members):
        self._group_deny(conversation_id, members)
        more = [
            {"user_id": f"user-{each}", "username": each, "role": "member", "muted_until": None} for each in members
        ]
        self._members(conversation_id, [*self.summaries[conversation_id]["members"], *more])

    def _group_deny(self, conversation_id, members):
        kept = self._governed(conversation_id)
        kept["asking"] = [each for each in kept["asking"] if each["username"] not in members]

    def _group_join(self, link):
        where = link.partition("#join=")[2]
        if where == "dead":
            raise EngineError("not_found", "this invitation link does not work")
        if where in self.summaries:
            return {"conversation_id": where, "state": "member"}
        self.joins.append(where)
        return {"conversation_id": where, "state": "requested"}

    def _group_joins(self):
        return [{"conversation_id": each, "state": "requested"} for each in self.joins]

    def _group_withdraw(self, conversation_id):
        self.joins.remove(conversation_id)
