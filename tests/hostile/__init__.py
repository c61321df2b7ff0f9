"""A server that answers a build well, until it answers in one of some two hundred hostile ways; then it heals."""

from hostile.answers import ANSWERS, LASTING, STOPPING, WHOLE
from hostile.attack import Attack, Exchange, in_turn
from hostile.looks import METRICS, MODELS
from hostile.server import HostileServer, Phase, is_probe
from hostile.wire import FAR_RETRY_AFTER, HEAVY, STUCK

__all__ = [
    "ANSWERS",
    "FAR_RETRY_AFTER",
    "HEAVY",
    "LASTING",
    "METRICS",
    "MODELS",
    "STOPPING",
    "STUCK",
    "WHOLE",
    "Attack",
    "Exchange",
    "HostileServer",
    "Phase",
    "in_turn",
    "is_probe",
]
