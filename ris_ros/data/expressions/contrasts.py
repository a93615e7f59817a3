"""One thing against another: "not the white van, the red one", "of the two cars, the nearer one"."""

from __future__ import annotations

from ris_ros.data.expressions.describe import Description, single
from ris_ros.data.expressions.frames import spoken
from ris_ros.data.expressions.naming import name_thing
from ris_ros.data.expressions.phrasing import Choice, Phrasing
from ris_ros.data.expressions.predicates import IsKind
from ris_ros.data.expressions.realise import NounPhrase, build_noun_phrase
from ris_ros.data.expressions.scene import Scene, Thing

# {other}: the one that is not meant, {one}: the one that is, both without article; {all}: both in the plural.
_AGAINST_ANOTHER = Choice(
    ("not the {other}, the {one}", "not the {other} but the {one}", "the {one}, not the {other}",
     "I don't mean the {other}, I mean the {one}", "no, not the {other}, the {one}", "the {one} instead of the {other}",
     "no the {one}, not the {other}", "forget the {other}, the {one}"),
    ("rather the {one} than the {other}", "anything but the {other}: the {one}"),
)  # fmt: skip
_OF_TWO = Choice(
    ("of the two {all}, the {one}", "there are two {all}, I mean the {one}", "two {all}, the {one}",
     "which of the two {all}? the {one}", "I see two {all}, take the {one}"),
    ("between the two {all}, the {one}",),
)  # fmt: skip
_THE_OTHER = Choice(
    ("not the {other}, the other one", "the other {noun}, not the {other}", "the {noun} that is not the {other}",
     "I mean the other {noun}, not the {other}"),
    ("the remaining {noun} besides the {other}",),
)  # fmt: skip


def say_contrast(scene: Scene, phrasing: Phrasing, thing: Thing) -> str:
    """A sentence that means a thing by setting it against another of its class; empty when none was found."""
    class_things = scene.of_class(thing.class_name)
    others = [other for other in class_things if other.key != thing.key and not other.merged]
    if thing.merged or not others:
        return ""
    other = phrasing.one_of(others)
    name, other_name = (name_thing(scene, phrasing, each, most_claims=2) for each in (thing, other))
    if name is None or other_name is None:
        return ""
    # Of the same noun, or "the one" would not say one of what.
    term = name.term
    told = Description(term, other_name.claims, other_name.pick)
    found = single(scene, told)
    narrow = any(isinstance(claim, IsKind) for claim in (*name.claims, *told.claims))
    if term.lone or narrow or found is None or found.key != other.key:
        return ""
    meant, not_meant = (build_noun_phrase(phrasing, each) for each in (name, told))
    if len(class_things) == 2 and phrasing.chance(0.25):
        said = phrasing.pick(_THE_OTHER)
    elif not (meant.before or meant.after):
        return ""
    elif len(class_things) == 2 and phrasing.chance(0.5):
        said = phrasing.pick(_OF_TWO).replace("{all}", phrasing.pick(term.plural))
    else:
        said = phrasing.pick(_AGAINST_ANOTHER)
    one = str(NounPhrase(meant.before, "one", meant.after))
    return spoken(phrasing, said.replace("{one}", one).replace("{other}", str(not_meant)).replace("{noun}", meant.noun))
