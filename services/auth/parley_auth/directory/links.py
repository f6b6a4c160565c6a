"""Links between an old and a new device of one person: parts that each leaves for the other, for two minutes.

Invariant: a part is written once, in its turn, by the session whose part it is. None of them is worth anything to the server, which
could drop or swap them all; the devices find that out by themselves (`docs/encryption.md`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from parley_auth.signin.models import Session
from parley_auth.web.rates import RedisClient, redis_client
from parley_contracts.ids import DeviceLinkId, is_uuid
from parley_contracts.limits import LINK_LIFETIME_S, LINKS_PER_USER_MAX
from parley_contracts.linking_api import DeviceLink, LinkSlot
from parley_contracts.problems import Conflict, NotFound, Unavailable

_Fields = dict[str, str]


def open_links(session: Session) -> list[DeviceLink]:
    """What new devices of the caller's person have begun and nobody has answered."""
    with _store() as redis:
        found = [(link_id, _read(redis, session, link_id)) for link_id in _living(redis, session)]
    waiting = [(link_id, fields) for link_id, fields in found if fields.get("new") and "answer" not in fields]
    return [_link(link_id, fields) for link_id, fields in sorted(waiting, reverse=True)]


def access_link(session: Session, unverified_link_id: str) -> DeviceLink:
    """A link of the caller's person; `NotFound` where there is none, or it is over."""
    with _store() as redis:
        return _link(unverified_link_id, _access(redis, session, unverified_link_id))


def put_part(session: Session, unverified_link_id: str, slot: LinkSlot, *, data: str, name: str) -> DeviceLink:
    """Write a part, or begin a link with the first one; the same data again change nothing."""
    if not is_uuid(unverified_link_id):
        raise NotFound
    with _store() as redis:
        if slot == "offer":
            _begin(redis, session, unverified_link_id, name)
        fields = _access(redis, session, unverified_link_id)
        _check_turn(session, slot, fields)
        key = _key(session, unverified_link_id)
        if slot == "answer" and not redis.hsetnx(key, "answerer", session.session_id):
            _expect(redis.hget(key, "answerer") == session.session_id.encode())
        if not redis.hsetnx(key, slot, data):
            _expect(redis.hget(key, slot) == data.encode())
        return _link(unverified_link_id, _access(redis, session, unverified_link_id))


def end_link(session: Session, unverified_link_id: str) -> None:
    """End a link of the caller's person; nothing happens where there is none."""
    if is_uuid(unverified_link_id):
        with _store() as redis:
            redis.delete(_key(session, unverified_link_id))


def _begin(redis: RedisClient, session: Session, link_id: str, name: str) -> None:
    key = _key(session, link_id)
    if redis.exists(key):
        return
    if len(_living(redis, session)) >= LINKS_PER_USER_MAX:
        raise Conflict("Too many links are open.", limit=LINKS_PER_USER_MAX)
    fields = {"owner": session.session_id, "name": name, "new": "" if session.device_id else "1"}
    pipeline = redis.pipeline(transaction=True)
    pipeline.hset(key, mapping=fields)
    pipeline.expire(key, LINK_LIFETIME_S)
    pipeline.sadd(_index(session), link_id)
    pipeline.expire(_index(session), LINK_LIFETIME_S)
    pipeline.execute()


def _check_turn(session: Session, slot: LinkSlot, fields: _Fields) -> None:
    begins, has_device = fields["owner"] == session.session_id, session.device_id is not None
    by_new = bool(fields["new"])
    match slot:
        case "offer":
            _expect(begins)
        case "answer":
            _expect("offer" in fields and not begins and has_device == by_new)
        case "reveal":
            _expect("answer" in fields and begins and by_new)
        case "package":
            hands_over = fields.get("answerer") == session.session_id if by_new else begins
            _expect(hands_over and has_device and ("reveal" if by_new else "answer") in fields)


def _expect(holds: object) -> None:
    if not holds:
        raise Conflict("This part is not yours, has another content, or its turn has not come.")


def _access(redis: RedisClient, session: Session, unverified_link_id: str) -> _Fields:
    fields = _read(redis, session, unverified_link_id) if is_uuid(unverified_link_id) else {}
    if not fields:
        raise NotFound
    return fields


def _read(redis: RedisClient, session: Session, link_id: str) -> _Fields:
    return {name.decode(): value.decode() for name, value in redis.hgetall(_key(session, link_id)).items()}


def _living(redis: RedisClient, session: Session) -> list[str]:
    known = [link_id.decode() for link_id in redis.smembers(_index(session))]
    return [link_id for link_id in known if redis.exists(_key(session, link_id))]


def _link(link_id: str, fields: _Fields) -> DeviceLink:
    return DeviceLink(
        link_id=DeviceLinkId(link_id),
        name=fields["name"],
        new_device=bool(fields["new"]),
        offer=fields.get("offer"),
        answer=fields.get("answer"),
        reveal=fields.get("reveal"),
        package=fields.get("package"),
    )


def _key(session: Session, link_id: str) -> str:
    return f"auth:link:{session.user.user_id}:{link_id}"


def _index(session: Session) -> str:
    return f"auth:links:{session.user.user_id}"


@contextmanager
def _store() -> Iterator[RedisClient]:
    try:
        yield redis_client()
    except RedisError as error:
        raise Unavailable(retry_after_s=5) from error
