"""Words that name numbers, and words with a capital that name nobody."""

__all__ = ["MONTHS", "NOT_PEOPLE", "NUMBER_WORDS", "SHORT_WORDS", "STARTERS"]

_NUMBERS = """
billion double doubled eight eighteen eighth eighths eighty eleven fifteen fifth fifths fifty five forty four fourteen fourth fourths half
halves hundred million nine nineteen ninety ninth ninths once one quarter quarters seven seventeen seventh sevenths seventy six sixteen
sixth sixths sixty ten tenth tenths third thirds thirteen thirty thousand three thrice triple tripled twelve twenty twice two zero
"""
_BEGINNINGS = """
a about according add adding after afterwards again all almost along also alternatively although altogether among an and another answer
any apart approximately are around arrange as aside ask assume assuming at base based because before begin beginning below beside besides
between both but by calculate call can carefully check choose circle circles class combine combined combining compare compared complete
completely compute consider considering construct continue continuing convert could count currently cut decide define depending describe
determine diagonal diagonals did divide do does doing draw due during each earlier eight eighteen eighty either eleven enter equilateral
estimate evaluate even eventually every everyone everything exactly excluding expand explain express extend extra factor factoring fifteen
fifty fill final finally find finding first five following for forty four fourteen from fully function functions furthermore generally
give given giving graph half halfway has have having he hence her here hers hint his how however hundred i identify if imagine in
including increase initially inside instead integer integers into inversely is isosceles it its just know knowing last lastly later let
like likewise line lines list look lower many maximise maximize meanwhile minimise minimize more moreover most move multiply my name near
neither next nine nineteen ninety no nobody none nor normally not note nothing now number numbers obtain of off on once one only optimise
optimize or order originally other others otherwise our out over overall parallelogram part per perform pick place plot point points
polygon positive prove provide put quadrilateral rather rationalise rationalize real recall recently rectangle rectangles regardless
regular remember remove replace report respectively reverse rewrite right roll round same segment segments select set seven seventeen
seventy several shade she show side similarly simplify since six sixteen sixty sketch so solve some somebody someone sometimes soon
specifically square squares start starting state still subtract subtracting such sum suppose supposing take ten than that the their them
then there thereafter therefore these they thirteen thirty this those though three through throughout thus times to today together
tomorrow tonight total trace trapezoid triangle triangles try twelve twenty twice two under unfortunately unless unlike until up upon use
using verify was we were what whatever when whenever where whereas wherever whether which whichever while who whoever whole whom whose why
with within without work working would write yes yesterday yet you your zero
"""
_CAPITALS = """
asy celsius december earth east eastern euro euros fahrenheit february friday fridays fibonacci i'll i'm i've january july jupiter kelvin
mars mercury monday mondays neptune north northern november october pacific saturday saturdays saturn september south southern sunday sundays
thursday thursdays tuesday tuesdays uranus venus wednesday wednesdays west western
"""

_SHORT = """
ad ah all am an and any are as ask at bag be bed big box boy bus but buy by can car cat cut day did do dog eat end far few for get go got had
has he her him his how if in is it its job let lot man may me men mom my new no not now of off oh ok old on one or our out owe own pay pen per
pet pie pm put ran red row run sat saw say see set sex she sit six so son sum ten the to top toy try tv two up us use was way we who why win yes
yet you
"""

NUMBER_WORDS = frozenset(_NUMBERS.split())
SHORT_WORDS = frozenset(_SHORT.split())
"""Words of prose of up to three letters; other two letters are a product or a side."""
STARTERS = frozenset(_BEGINNINGS.split())
"""Words that begin sentences and name nobody."""
NOT_PEOPLE = frozenset(_CAPITALS.split())
"""Words that have a capital inside sentences."""
MONTHS = frozenset({"april", "august", "june", "march", "may"})
"""Months that may be names of people."""
