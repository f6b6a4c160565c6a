"""What was said of a message, as rows: its quote, reactions, poll, thread, mentions; and who came and went, as a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection

from parley_app import kept_words, renewal_words, reset_words, rights_words, room_words, words
from parley_app.engine import Json
from parley_app.model import times
from parley_app.model.rows import Answer, Person, Poll, Quote, Reaction, ThreadMark

#: As the client core reads mentions: not within an address of e-mail or another word.
_MENTION = re.compile(r"(?<![\w.@-])@([\w.-]+)")


def person_of(found: Json, me: Person) -> Person:
    """Somebody that an item names."""
    return me if found["user_id"] == me.user_id else Person(found["user_id"], rights_words.name(found["username"]))


def name_of(found: Json, me: Person) -> str:
    """What a sentence calls somebody."""
    return words.YOU if found["user_id"] == me.user_id else rights_words.name(found["username"])


def one_line(text: str) -> str:
    """A text without line breaks."""
    return " ".join(text.split())


def preview(item: Json) -> str:
    """A message in one line, wherever it is only hinted at."""
    text = one_line(item["text"])
    if item["kind"] == "poll":
        return words.poll(text)
    return text or (words.PICTURE if item["attachments"] else "")


def quote_of(item: Json, me: Person) -> Quote | None:
    """The message that an item answers, None where it answers none."""
    found = item.get("reply_to")
    if found is None:
        return None
    author = person_of(found["sender"], me) if found["sender"] else Person("", words.SOMEBODY)
    text = words.GONE if found["gone"] else one_line(found["text"]) or (words.PICTURE if found["files"] else "")
    return Quote(found["sequence"], author, text, found["gone"])


def reactions_of(item: Json, me: Person) -> tuple[Reaction, ...]:
    """The emoji at an item, in the order in which they came; of who gave one, oneself first."""
    return tuple(
        Reaction(
            found["emoji"],
            len(found["people"]),
            found["own"],
            _people(sorted(found["people"], key=lambda person: person["user_id"] != me.user_id), me),
        )
        for found in item["reactions"]
    )


def poll_of(item: Json) -> Poll | None:
    """An item's poll, None where it is none."""
    found = item["poll"]
    if found is None:
        return None
    voters = found["voters"]
    answers = tuple(
        Answer(option["text"], len(option["people"]), len(option["people"]) / voters if voters else 0.0, option["own"])
        for option in found["options"]
    )
    return Poll(answers, found["several"], found["closed"], voters)


def thread_of(item: Json, me: Person) -> ThreadMark | None:
    """What stands under an item, None where nothing does."""
    found = item["thread"]
    if found is None:
        return None
    people = tuple(person_of(person, me) for person in found["people"])
    return ThreadMark(found["replies"], times.clock(times.parse(found["last_at"])), people)


def mentions_in(text: str, names: Collection[str]) -> tuple[tuple[int, int], ...]:
    """The stretches of a text that name one of these people (user names in small letters), or everybody."""
    found = []
    for match in _MENTION.finditer(text):
        name = match[1].rstrip(".-")
        if name.lower() in names or name.lower() == words.EVERYBODY:
            found.append((match.start(), match.start() + 1 + len(name)))
    return tuple(found)


def members_note(item: Json, me: Person) -> str:
    """Who brought whom in, or put them out, in one sentence."""
    author = _author(item)
    sentences = []
    if item["added"]:
        themselves = all(person["user_id"] == item["user_id"] for person in item["added"])
        sentences.append(words.joined(author) if themselves else words.added(author, _people(item["added"], me)))
    if item["removed"]:
        own = [person for person in item["removed"] if person["user_id"] == me.user_id]
        themselves = all(person["user_id"] == item["user_id"] for person in item["removed"])
        if themselves:
            sentences.append(words.left(author))
        elif own and len(item["removed"]) == 1:
            sentences.append(words.removed_you(author))
        else:
            sentences.append(words.removed(author, _people(item["removed"], me)))
    if item["again"]:
        sentences.append(renewal_words.let_in_note(author, _people(item["again"], me)))
    sentences += [lifetimes_note(item)] if item["timer"] or item["retention"] else []
    return ". ".join(sentences) or words.joined(author)


def history_note(item: Json) -> str:
    """What a conversation says of history for newcomers."""
    author = _author(item)
    match item["text"]:
        case "shared":
            return room_words.history_from(author)
        case "on":
            return room_words.history_shared(author)
        case _:
            return room_words.history_kept(author.lower() if item["own"] else author)


def reset_note(item: Json, me: Person) -> str:
    """That a group's keys were begun anew, and because of whose change."""
    return reset_words.begun_anew(item["text"], own=item["text"] == me.name)


def lifetimes_note(item: Json) -> str:
    """Who said how long messages are kept."""
    author = _author(item)
    timer, retention = item["timer"], item["retention"]
    sentences = (
        kept_words.timer_told(author, timer["seconds"]) if timer else "",
        kept_words.retention_told(author, retention["seconds"]) if retention else "",
    )
    return ". ".join(each for each in sentences if each)


def is_of_picture(item: Json) -> bool:
    """Whether a new description of a group is about nothing but its picture."""
    return set(item["changed"]) in ({"picture"}, {"picture_removed"})


def name_note(item: Json) -> str:
    """What somebody said the group is called, shown by, or about."""
    author, changed = _author(item), item["changed"]
    if changed == ["topic"]:
        return kept_words.topic_told(author)
    if is_of_picture(item):
        return kept_words.picture_told(author, removed="picture_removed" in changed)
    return words.named(author, item["text"])


def deletion_note(item: Json, me: Person) -> str:
    """What stands in place of a deleted message."""
    who = item["deleted_by"]
    if who is None or who["user_id"] == item["user_id"]:
        return words.DELETED_OWN if item["own"] else words.DELETED
    return words.deleted_by(name_of(who, me))


_TOLD = {"name": name_note, "history": history_note, "lifetimes": lifetimes_note}


def note(item: Json, me: Person) -> str:
    """What the conversation list says of an item that is no message to be read; empty where it is one."""
    told = _TOLD.get(item["kind"])
    if told is not None:
        return told(item)
    match item["kind"]:
        case "unopened":
            return words.LOCKED
        case "members":
            return members_note(item, me)
        case "reset":
            return reset_note(item, me)
        case "deleted":
            return deletion_note(item, me)
        case _:
            return ""


def _author(item: Json) -> str:
    return words.YOU if item["own"] else rights_words.name(item["sender"])


def _people(people: list[Json], me: Person) -> str:
    return words.listed([words.YOU.lower() if p["user_id"] == me.user_id else name_of(p, me) for p in people])
