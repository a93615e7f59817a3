"""The words by which :mod:`ris_ros.language.intent` reads a command; tables only."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Spellings brought to the form of the tables.
SPELLINGS: dict[str, str] = {
    "\u2019": "'",
    "pull-over": "pull over",
    "pullover": "pull over",
    "u turn": "u-turn",
    "you-turn": "u-turn",
}

MANOEUVRE_VERBS: frozenset[str] = _words(
    """
    accelerate advance allow approach ask avoid back beep block brake bring bypass call carry catch change chase
    circle clear close collect come continue creep cross cruise decelerate decrease deliver double double-park drift
    drive drop ease edge enter evade exit fetch follow get give go grab halt hand hang head help hit hold honk hop
    hug hurry idle inch increase join keep land leave let line lose maintain make maneuver manoeuvre match meet
    merge mind move navigate offer open overtake park pass pause pick position prepare proceed pull pursue push
    queue race reach reduce release remain return reverse ride roam roll round run rush shift slow speed squeeze
    stall stand start station stay steer step stick stop straighten swap swerve swing switch tail take tell tow
    trail try turn u-turn undertake use veer wait wave yield
    """
)

# Search verbs ask where something is; the vehicle is not told to move.
SEARCH_VERBS: frozenset[str] = _words(
    """
    find show locate segment highlight point mark select detect identify spot outline mask recognise recognize look see
    search where which what who is are describe label track notice view display box
    """
)
# Verbs that order a manoeuvre, in phrases that do not.
SEARCH_PHRASES: tuple[tuple[str, ...], ...] = (
    ("keep", "an", "eye", "on"), ("make", "out"), ("pick", "out"), ("point", "out"), ("catch", "sight"), ("give", "me"),
)  # fmt: skip
# Fillers of several words, before whatever is said then.
LEAD_IN_PHRASES: tuple[tuple[str, ...], ...] = (
    ("hang", "on", "a", "second"), ("hang", "on", "a", "sec"), ("hang", "on"), ("hold", "on", "a", "second"),
    ("hold", "on"), ("let", "me", "think"), ("let", "me", "see"), ("i'd", "say"), ("i", "would", "say"),
    ("excuse", "me"),
)  # fmt: skip
# Clauses that only ask politely.
POLITE_CLAUSES: frozenset[tuple[str, ...]] = frozenset(
    {("if", "you", verb) for verb in ("would", "can", "could", "will", "please", "may", "see")}
    | {("if", "possible"), ("if", "you", "can", "see")}
)
# "tell me where the bus is" orders nothing of the vehicle.
INFORMED_OF: dict[str, frozenset[str]] = {
    "tell": frozenset({"where", "which", "what", "who", "about"}),
    "give": frozenset({"mask", "outline", "position"}),
    "let": frozenset({"see", "know"}),
}
PLACE_SEARCH_VERBS: frozenset[str] = frozenset({"find", "look", "search", "see", "spot", "locate"})
PLACE_NOUNS: frozenset[str] = frozenset(
    {"parking", "spot", "space", "place", "park", "somewhere", "way", "gap", "lane"}
)

PHRASAL_MANOEUVRES: frozenset[tuple[str, str]] = frozenset(
    {
        ("be", "careful"), ("be", "aware"), ("be", "cautious"), ("be", "ready"), ("be", "mindful"), ("watch", "out"),
        ("watch", "for"), ("look", "out"), ("do", "not"), ("don't", "stop"), ("do", "a"), ("set", "off"),
        ("lets", "go"), ("check", "if"), ("check", "whether"), ("parallel", "park"), ("left", "turn"),
        ("right", "turn"), ("parallel", "parking"),
        ("put", "the"), ("set", "the"), ("set", "me"), ("set", "us"), ("full", "stop"), ("emergency", "stop"),
        ("straight", "on"), ("straight", "over"), ("straight", "across"), ("straight", "ahead"), ("straight", "down"),
        ("straight", "up"), ("bear", "left"), ("bear", "right"), ("tuck", "in"), ("slot", "in"), ("slide", "in"),
        ("draw", "in"), ("nip", "into"), ("nip", "in"), ("sit", "tight"), ("sit", "behind"), ("cut", "across"),
        ("complete", "the"),
    }
)  # fmt: skip

# A verb that is also the first half of a noun: "stop sign", "park bench".
COMPOUND_TAILS: dict[str, frozenset[str]] = {
    "slow": frozenset({"moving", "vehicle", "car", "truck"}),
    "stop": frozenset({"sign", "signs", "light", "lights", "line"}),
    "park": frozenset({"and", "bench", "benches", "gate", "fence", "entrance", "ranger"}),
    "turn": frozenset({"signal", "signals", "lane", "light", "lights", "sign"}),
    "exit": frozenset({"sign", "signs", "ramp", "door"}),
    "yield": frozenset({"sign", "signs"}),
    "pass": frozenset({"lane"}),
    "back": frozenset({"door", "of", "wheel", "window", "seat", "light", "lights", "end", "half", "view", "towards"}),
    "head": frozenset({"light", "lights", "of", "and"}),
    "brake": frozenset({"light", "lights"}),
    "land": frozenset({"rover", "rovers"}),
    "tail": frozenset({"light", "lights", "of"}),
    "open": frozenset({"sky", "door", "window", "trunk", "gate", "road", "space"}),
    "line": frozenset({"of", "on"}),
    "round": frozenset({"sign", "signs", "about", "board", "boards", "building", "mirror", "red", "blue", "white"}),
    "double": frozenset({"decker", "line", "lines"}),
    "pick": frozenset({"truck"}),
    "hand": frozenset({"cart", "rail"}),
    "cross": frozenset({"walk"}),
    "speed": frozenset({"limit", "bump", "sign", "camera"}),
    "station": frozenset({"wagon"}),
    "race": frozenset({"car"}),
    "tow": frozenset({"truck"}),
    "push": frozenset({"bike", "bikes", "cart", "chair"}),
    "block": frozenset({"of"}),
    "circle": frozenset({"sign"}),
    "stand": frozenset({"of"}),
    "clear": frozenset({"sky", "road"}),
}

# What is painted or written by the road, named by its words: "no left turn sign", "give way triangle on the left".
WRITTEN_NOUNS: frozenset[str] = _words("sign signs board boards marking markings triangle dashes roundel")

# Words before the verb that change nothing.
LEAD_INS: frozenset[str] = _words(
    """
    please pleas hey hi hello ok okay oh ah wow hmm mhh um uh well now then and so but just alright great good yes no
    actually maybe perhaps quickly slowly safely carefully gently immediately kindly lets let's dear also again next or
    either finally first try to damn quick always never dont don't
    """
)
# Whom a command may be addressed to, before its verb.
VOCATIVES: frozenset[str] = _words("car driver robot vehicle man")
MODALS: frozenset[str] = frozenset(
    {"can", "could", "would", "will", "should", "must", "may", "might", "shall", "cannot", "can't"}
)
ADDRESSED: frozenset[str] = frozenset({"you", "we", "i"})
FIRST_PERSON: frozenset[str] = frozenset({"i", "we", "i'd", "i'm", "we're", "i'll", "we'll", "i've", "we've", "you"})
WISH_VERBS: frozenset[str] = _words(
    """need want wanna like love have must should gotta will would supposed going think forgot meeting wish hope prefer
    waiting
    """
)
EGO: frozenset[str] = FIRST_PERSON | {"me", "us", "ready", "time", "my", "our", "need", "want", "try", "do", "prepare"}
RELATIVES: frozenset[str] = frozenset(
    {"that", "which", "who", "whose", "trying", "about", "waiting", "wanting", "going"}
)
ORDER_OPENERS: frozenset[str] = frozenset(
    {"please", "pleas", "then", "let's", "lets", "just", "now", "you", "we", "us", "not", "don't"}
)
CONJUNCTIONS: frozenset[str] = frozenset({"and", "then", "so", "but", "because"})
SUBORDINATORS: frozenset[str] = frozenset(
    {"after", "once", "when", "if", "while", "until", "unless", "as", "before", "instead"}
)

DETERMINERS: frozenset[str] = frozenset(
    {
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "my",
        "our",
        "your",
        "his",
        "her",
        "its",
        "their",
        "some",
        "any",
    }
)

BEFORE_NOUN: frozenset[str] = (
    LEAD_INS
    | DETERMINERS
    | MODALS
    | _words(
        """
    i you we me us it there here is are was do does be to at in on of for by with near behind beside next front over up
    down out off into towards toward past after before around left right onto alongside close closer between from under
    across opposite through straight ahead along how many much each other
    """
    )
)
NOUN_PHRASE_ENDS: frozenset[str] = _words(
    """
    in on at of by with near behind beside next to from over under between around that which who whose where when is are
    was were has have had parked stopped driving wearing i we you he she they it and or for into towards toward past
    across along opposite up ahead so as before after closest nearest farthest further furthest does do
    """
)
# Nouns of areas, which other things may cut into several pieces.
AREA_NOUNS: frozenset[str] = _words(
    """
    road street tarmac asphalt carriageway roadway surface pavement sidewalk footpath footway walkway path lane junction
    crossing crosswalk zebra kerb curb verge ground floor sky vegetation greenery foliage grass hedge fence fencing
    railing barrier wall building buildings architecture area everyone everybody anyone anybody scaffolding traffic
    marking line island lay-by space
    """
)
SINGLING: frozenset[str] = frozenset({"one", "each", "every", "single", "another"})
PLURAL_QUANTIFIERS: frozenset[str] = _words(
    """both all several many few two three four five six seven eight nine ten these those group groups pair couple row
    crowd line bunch
    """
)
IRREGULAR_PLURALS: frozenset[str] = frozenset(
    {
        "people",
        "men",
        "women",
        "children",
        "folks",
        "guys",
        "police",
        "everyone",
        "everybody",
        "feet",
        "kids",
        "persons",
        "bikes",
    }
)
SINGULAR_ENDINGS: tuple[str, ...] = ("ss", "us", "'s", "is")
SINGULAR_S: frozenset[str] = frozenset(
    {"across", "sometimes", "always", "perhaps", "hers", "lens", "gas", "was", "has", "its", "yes", "lights'", "stairs"}
)
ING_NOUNS: frozenset[str] = frozenset(
    {
        "building",
        "parking",
        "crossing",
        "awning",
        "railing",
        "oncoming",
        "morning",
        "thing",
        "opening",
        "housing",
        "wing",
        "moving",
        "standing",
        "walking",
    }
)
