"""All that the rooms offer through `Client`."""

from __future__ import annotations

from parley_client.channels.methods import ChannelMethods
from parley_client.entrance.methods import EntranceMethods
from parley_client.groups.methods import GroupMethods
from parley_client.linking.methods import LinkMethods
from parley_client.lockout.methods import LockOutMethods
from parley_client.people.methods import PeopleMethods
from parley_client.profiles.methods import ProfileMethods
from parley_client.push.methods import PushMethods
from parley_client.recovery.methods import RecoveryMethods
from parley_client.renewal.methods import RenewalMethods
from parley_client.restoring.methods import RestoreMethods
from parley_client.rights.methods import RightsMethods
from parley_client.schedule.methods import ScheduleMethods
from parley_client.security.methods import SecurityMethods
from parley_client.settings.methods import SettingsMethods
from parley_client.state.methods import StateMethods
from parley_client.telling.methods import TellingMethods
from parley_client.transparency.methods import TransparencyMethods


class RoomMethods(
    RestoreMethods,
    ScheduleMethods,
    StateMethods,
    GroupMethods,
    SettingsMethods,
    PeopleMethods,
    PushMethods,
    ChannelMethods,
    SecurityMethods,
    EntranceMethods,
    RenewalMethods,
    LinkMethods,
    LockOutMethods,
    RecoveryMethods,
    TransparencyMethods,
    ProfileMethods,
    TellingMethods,
    RightsMethods,
):
    """The parts of `Client`, each from its room."""
