"""The verbs that questions of word problems use, with their past tense; a verb that is not here is not inflected."""

__all__ = ["PAST", "past", "third_person"]

_IRREGULAR = """
be was, become became, begin began, bite bit, blow blew, break broke, bring brought, build built, buy bought,
catch caught, choose chose, come came, cost cost, cut cut, dig dug, do did, draw drew, drink drank, drive drove, eat ate,
fall fell, feed fed, feel felt, fight fought, find found, fit fit, fly flew, forget forgot, get got, give gave, go went, grow grew, have had,
hear heard, hide hid, hit hit, hold held, keep kept, know knew, lay laid, lead led, leave left, lend lent, let let, lose lost, make made,
mean meant, meet met, pay paid, put put, read read, ride rode, run ran, say said, see saw, sell sold, send sent, set set,
sew sewed, shoot shot, sing sang, sit sat, sleep slept, speak spoke, spend spent, stand stood, steal stole, swim swam, take took,
teach taught, tell told, think thought, throw threw, understand understood, wear wore, win won, write wrote
"""
_REGULAR = """
add answer attend bake believe borrow bottle burn call carry charge clean climb collect complete consume contain contribute cook count
cover crash cross deliver deposit design donate earn end enter fill finish fix fold gain gather harvest help hike invest join jump
juggle kick knit last learn lift live load lock look measure miss mow need notice offer open order owe own pack paint park
pass pick place plan plant play post pour practice prepare print process produce pull purchase push raise reach receive recycle
remain remove rent repair require return save score serve share shop skip smoke sign solve start stay stop stack stock store study stuff
supply take talk text trade train travel trim turn type use visit wait walk want wash watch water weigh wish work wrap
"""
_DOUBLED = frozenset({"plan", "stop", "skip", "shop", "trim", "wrap"})

PAST: dict[str, str] = {}
for _pair in _IRREGULAR.replace("\n", " ").split(","):
    _base, _past = _pair.split()
    PAST[_base] = _past
for _base in _REGULAR.split():
    if _base in PAST:
        continue
    if _base.endswith("e"):
        PAST[_base] = _base + "d"
    elif _base.endswith("y") and _base[-2] not in "aeou":
        PAST[_base] = _base[:-1] + "ied"
    else:
        PAST[_base] = _base + (_base[-1] if _base in _DOUBLED else "") + "ed"


def past(verb: str) -> str:
    """Return the past tense of a verb of `PAST`."""
    return PAST[verb]


def third_person(verb: str) -> str:
    """Return the form that goes with "she"."""
    if verb in ("have", "be"):
        return {"have": "has", "be": "is"}[verb]
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeou":
        return verb[:-1] + "ies"
    return verb + "s"
