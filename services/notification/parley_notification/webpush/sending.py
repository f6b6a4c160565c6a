"""One push on its way (RFC 8030)."""

from __future__ import annotations

from dataclasses import dataclass

from parley_contracts.limits import PUSH_TTL_S
from parley_serving.outbound.endpoints import Target
from parley_serving.outbound.posting import Answered, post


@dataclass(frozen=True)
class Push:
    """A push. `topic` lets a later one replace it while the device is away (RFC 8030 section 5.4), empty for none."""

    body: bytes
    authorization: str
    topic: str = ""
    ttl_s: int = PUSH_TTL_S

    def headers(self) -> dict[str, str]:
        """The fields of RFC 8030 and RFC 8188."""
        found = {
            "Authorization": self.authorization,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(self.ttl_s),
            "Urgency": "high",
        }
        return found | ({"Topic": self.topic} if self.topic else {})


def post_push(target: Target, push: Push, *, loopback_ca_file: str | None = None) -> Answered:
    """Carry a push to its service, once; `Unreachable` where no answer came."""
    return post(target, push.body, push.headers(), loopback_ca_file=loopback_ca_file)
