"""Words for each claim: colours, sides, order, clothes, states and relations, as people say them about a street."""

from __future__ import annotations

from ris_ros.data.expressions.phrasing import Choice

PICK_WORDS: dict[str, Choice] = {
    "biggest": Choice(("biggest", "largest", "big"), ("most sizeable",)),
    "smallest": Choice(("smallest", "small", "tiny"), ("tiniest",)),
    "nearest": Choice(("closest", "nearest"), ("foremost",)),
    "furthest": Choice(("furthest", "farthest", "most distant"), ("remotest",)),
}
PICK_POST: dict[str, Choice] = {
    "nearest": Choice(
        ("closest to us", "nearest to us", "that is closest", "nearest the camera", "closest", "nearest us",
         "that is nearest to us", "right in front of everything else", "closest to the camera"),
        ("with the least distance to us", "just before us"),
    ),
    "furthest": Choice(
        ("furthest away", "farthest from us", "in the far distance", "that is furthest away", "at the very back",
         "furthest from us", "farthest away"),
        ("way off in the distance", "at the far end"),
    ),
}  # fmt: skip
ORDINALS: tuple[str, ...] = ("first", "second", "third", "fourth", "fifth")
NUMERALS: tuple[str, ...] = ("1st", "2nd", "3rd", "4th", "5th")
EXTREME: dict[str, Choice] = {
    "from_left": Choice(("leftmost", "far left", "left-most"), ("most left",)),
    "from_right": Choice(("rightmost", "far right", "right-most"), ("most right",)),
}
EXTREME_POST: dict[str, Choice] = {
    "from_left": Choice(("furthest to the left", "on the far left", "furthest left"), ("at the left end",)),
    "from_right": Choice(("furthest to the right", "on the far right", "furthest right"), ("at the right end",)),
}
FROM: dict[str, Choice] = {
    "from_left": Choice(("from the left", "from left", "counting from the left"), ("starting at the left edge",)),
    "from_right": Choice(("from the right", "from right", "counting from the right"),
                         ("starting at the right edge",)),
}  # fmt: skip
SIDE_POST: dict[str, Choice] = {
    side: Choice(
        tuple(
            words.replace("*", side)
            for words in (
                "on the *", "on the *", "on the *", "on the *", "to the *", "on our *", "to our *", "at the *",
                "on the *-hand side", "on the * side", "on the * hand side", "over on the *",
                "on the * there", "that is on the *", "over to the *", "off to the *",
            )
        ),
        tuple(words.replace("*", side) for words in ("in the * part of the picture", "on my *", "* of us")),
    )
    for side in ("left", "right")
}  # fmt: skip
SIDE_POST["ahead"] = Choice(
    ("ahead", "in front of us", "straight ahead", "ahead of us", "in the middle", "in front", "up ahead",
     "right in front of us", "just ahead", "in the centre", "down the middle", "that is in front of us"),
    ("dead ahead", "in the centre of the view"),
)  # fmt: skip
SIDE_PRE: dict[str, Choice] = {side: Choice((side, f"{side}-hand", f"{side} hand")) for side in ("left", "right")}
AT_EDGE: dict[str, Choice] = {
    side: Choice(
        (f"on the far {side}", f"at the {side} edge", f"far {side}", f"on the very {side}", f"to the far {side}",
         f"all the way on the {side}", f"at the far {side}", f"at the {side} edge of the picture"),
        (f"way over on the {side}", f"at the {side} margin"),
    )
    for side in ("left", "right")
}  # fmt: skip
FAR_AWAY = Choice(
    ("in the distance", "far away", "far off", "a long way off", "further down the road", "in the background",
     "far ahead", "up the road"),
    ("way down the road", "on the horizon"),
)  # fmt: skip
ON = Choice(("on the {0}", "on the {0}", "that is on the {0}", "on {0}"), ("using the {0}", "out on the {0}"))
AGAINST = Choice(
    ("in front of the {0}", "in front of the {0}", "by the {0}"),
    ("with the {0} behind it", "against the {0}"),
)
NEXT_TO = Choice(
    ("next to {0}", "next to {0}", "beside {0}", "near {0}", "by {0}", "close to {0}", "right next to {0}",
     "that is next to {0}"),
    ("alongside {0}", "adjacent to {0}"),
)  # fmt: skip
SIDE_OF: dict[str, Choice] = {
    side: Choice(
        (f"to the {side} of {{0}}", f"to the {side} of {{0}}", f"{side} of {{0}}", f"on the {side} of {{0}}",
         f"on the {side} side of {{0}}", f"just {side} of {{0}}"),
        (f"over on {{0}}'s {side}",),
    )
    for side in ("left", "right")
}  # fmt: skip
BEHIND = Choice(
    ("behind {0}", "behind {0}", "behind {0}", "further away than {0}", "in back of {0}", "beyond {0}"),
    ("past {0}", "hidden behind {0}"),
)
BEFORE = Choice(
    ("in front of {0}", "in front of {0}", "in front of {0}", "this side of {0}", "nearer than {0}"), ("before {0}",)
)
RELATION: dict[str, Choice] = {
    "beside": NEXT_TO, "left": SIDE_OF["left"], "right": SIDE_OF["right"], "behind": BEHIND, "before": BEFORE,
}  # fmt: skip
NOT = Choice(
    ("that is not {0}", "that isn't {0}", "which is not {0}", "that's not {0}", "not {0}"),
    ("that is anything but {0}", "which isn't {0}"),
)
WITHOUT = Choice(("without {0} {1}", "without {0} {1}", "with no {1}", "who has no {1}"), ("lacking {0} {1}",))
NEAREST_TO = Choice(
    ("closest to {0}", "nearest to {0}", "nearest {0}", "that is closest to {0}"), ("least far from {0}",)
)
WEARING = Choice(
    ("wearing {0} {1} {2}", "wearing {0} {1} {2}", "in {0} {1} {2}", "in {0} {1} {2}", "in the {1} {2}",
     "with the {1} {2}", "in {1}", "with {0} {1} {2}", "with {0} {1} {2} on", "who is wearing {0} {1} {2}"),
    ("dressed in {1}", "wearing {1}", "who has {0} {1} {2} on"),
)  # fmt: skip
# Sources call it this or that, and so do people: only its colour is judged.
TOPS = Choice(("jacket", "jacket", "top", "coat", "coat", "shirt", "jumper"), ("hoodie", "sweater"))
BAG = Choice(
    ("with {0} {1} {2}", "carrying {0} {1} {2}", "with the {1} {2}", "wearing {0} {1} {2}"),
    ("who has {0} {1} {2} on the back",),
)
STATE_WORDS: dict[str, Choice] = {
    "parked": Choice(
        ("parked", "parked", "that is parked", "parked at the side of the road", "parked up", "parked by the kerb",
         "that has parked", "parked there", "parked at the curb"),
        ("standing at the kerb", "stationary"),
    ),
    "driving ahead": Choice(
        ("driving ahead of us", "driving in front of us", "going our way", "driving away from us", "driving away",
         "going the same way as us", "that is driving ahead"),
        ("heading the same way as us",),
    ),
    "riding ahead": Choice(
        ("riding ahead of us", "cycling in front of us", "going our way", "riding away from us", "cycling ahead",
         "cycling away from us"),
        ("heading the same way as us",),
    ),
    "oncoming": Choice(
        ("oncoming", "coming towards us", "approaching", "coming the other way", "coming at us", "facing us",
         "that is coming towards us", "coming our way", "driving towards us", "coming in the other direction"),
        ("heading our way", "driving against us"),
    ),
    "crossing": Choice(
        ("crossing in front of us", "crossing the junction", "crossing ahead", "that is crossing"),
        ("cutting across",),
    ),
    "crossing the road": Choice(
        ("crossing the road", "crossing the street", "crossing", "walking across the road", "who is crossing the road",
         "stepping across the street"),
        ("getting over to the other side",),
    ),
    "standing": Choice(("standing", "who is standing", "standing still", "standing there", "just standing there"),
                       ("waiting",)),
    "walking": Choice(("walking", "who is walking", "walking along", "walking by"), ("strolling",)),
}  # fmt: skip
# Where a cyclist rides, nothing drives.
RIDDEN: dict[str, str] = {"driving towards us": "riding towards us", "driving against us": "riding against us"}
FIRST = Choice(("first", "next", "closest", "nearest"), ("foremost",))
COLOUR_POST = Choice(("that is {0}", "which is {0}", "in {0}", "that's {0}"), ("painted {0}", "{0} in colour"))
LIGHT_COLOUR = Choice(
    ("showing {0}", "that is {0}", "on {0}", "showing a {0} light", "that's {0}", "lit up {0}"),
    ("that has turned {0}", "with its {0} on"),
)
