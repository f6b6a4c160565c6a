"""Who finds whom: by the whole user name, unless they do not want it or have blocked who looks.

Invariant: one query answers for every name, so nobody who is not to be found takes longer than nobody.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from parley_auth.accounts.accounts import by_name
from parley_auth.accounts.models import User
from parley_auth.relations.models import Block, Discovery
from parley_contracts.people_api import Discovery as WireDiscovery
from parley_contracts.problems import NotFound


def find_by_name(unverified_name: str, seeker: User) -> User:
    """The account of that very name, in any case, if `seeker` may find it; `NotFound` otherwise. Oneself is always found."""
    against = Block.objects.filter(blocker=OuterRef("pk"), blocked=seeker, ended_at=None)
    hidden = Discovery.objects.filter(user=OuterRef("pk"), by_name=False)
    open_to_all = ~Exists(against) & ~Exists(hidden)
    found = by_name(unverified_name).filter(open_to_all | Q(pk=seeker.pk)).first()
    if found is None:
        raise NotFound
    return found


def discovery_of(user: User) -> WireDiscovery:
    """Whether a person is found by name."""
    stored = Discovery.objects.filter(user=user).first()
    return WireDiscovery(by_name=stored is None or stored.by_name)


def store_discovery(user: User, wanted: WireDiscovery) -> None:
    """Let a person be found by name, or not."""
    Discovery.objects.update_or_create(user=user, defaults={"by_name": wanted.by_name})
