"""Words that a text has whatever it is about."""

from __future__ import annotations

_TEXT = """
a about above after again against all almost along also although always am among an and another
any anyone anything are around as at away back be because been before began begin behind being
below between both but by called came can cannot come comes could did do does done down each
either else enough even ever every everybody everyone everything few first for found four from
full gave generally get give given goes going gone good great had half has have having he her here
him himself his how however if in into is it its itself just kept know known last least less let
like little long longer made make makes many may me merely might more most much must my near
nearly neither never next nine no nobody none nor not nothing now of off often old on once one
only or other others our out over own part people perhaps put quite rather said same say says
second see seen set several shall she should show shows since six small so some someone something
sometimes soon still such take taken tell than that the their them themselves then there these
they thing things this those though three through thus to together too took towards turned turns
two under until up upon us use used very want was way we well went were what whatever when where
whether which while who whole whom whose why will with within without would year years yet you
your
"""

STOP_WORDS = frozenset(_TEXT.split())
