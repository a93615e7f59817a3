"""What a command asks for: a thing to be pointed out, or a place to go.

A command is a manoeuvre when it tells the vehicle, or its driver, to do something: an imperative ("park behind the
van"), a request ("could you let me out here") or a wish ("i need to get to that man"). A phrase that only names
something is an object, however much motion it describes ("the car turning left", "the van parked by the kerb"),
and so is a search ("find the red car", "where is the bus?").

The decision rests on where a verb stands, clause by clause, not on which words occur: "stop" is an order at the head of
a clause and a noun in "the stop sign".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ris_ros.language import vocabulary as words
from ris_ros.types import Target

_TOKEN = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*|[,.;:!?-]")
_PUNCTUATION = frozenset(",.;:!?-")


def resolve_target(text: str, target: Target) -> Target:
    """Decide AUTO by the words; leave OBJECT and REGION as they are.

    Args:
        text: A cleaned utterance in English.
        target: What the sender stated.

    Returns:
        OBJECT or REGION.
    """
    if target is not Target.AUTO:
        return target
    clauses = _clauses(text)
    return Target.REGION if any(_orders_manoeuvre(clause) for clause in clauses) else Target.OBJECT


def is_plural(text: str) -> bool:
    """Whether the thing that a command names is several things ("the cars on the left", "both men").

    Args:
        text: A cleaned utterance in English.
    """
    return _is_plural_phrase(_head_phrase([token for token in _tokens(text) if token not in _PUNCTUATION]))


@lru_cache(maxsize=512)
def names_one_thing(text: str) -> bool:
    """Whether a command names a single countable thing: not several ("both cars"), not an area ("the road").

    Args:
        text: A cleaned utterance in English.
    """
    tokens = [token for token in _tokens(text) if token not in _PUNCTUATION]
    phrase = _head_phrase(tokens)
    return not _is_plural_phrase(phrase) and not (bool(phrase) and phrase[-1] in words.AREA_NOUNS)


def _tokens(text: str) -> list[str]:
    spelled = text.lower()
    for written, plain in words.SPELLINGS.items():
        spelled = spelled.replace(written, plain)
    return _TOKEN.findall(spelled)


def _clauses(text: str) -> list[list[str]]:
    """Split at punctuation and before conjunctions that may open a new order."""
    clauses: list[list[str]] = [[]]
    for token in _tokens(text):
        if token in _PUNCTUATION:
            clauses.append([])
        elif token in words.CONJUNCTIONS:
            clauses.append([token])
        else:
            clauses[-1].append(token)
    return [clause for clause in clauses if clause]


def _orders_manoeuvre(clause: Sequence[str]) -> bool:
    start = _skip_lead_in(clause)
    if start == len(clause) or tuple(clause[start:]) in words.POLITE_CLAUSES or _names_what_is_written(clause):
        return False
    head = clause[start]
    following = clause[start + 1 :]
    if head in words.SEARCH_VERBS or _asks_to_see(clause[start:]):
        return _searches_for_place(head, following)
    if _phrase_at(clause, start, words.SEARCH_PHRASES):
        return False
    if head in words.MANOEUVRE_VERBS or _is_verb_with_particle(head, following):
        return not _is_compound_noun(head, following)
    if head in words.SUBORDINATORS and (start == 0 or words.MANOEUVRE_VERBS & set(following)):
        # "after the van passes turn left": nobody names a thing by such an opening, though its end ("and before ...").
        return True
    if _wishes(clause[start:]):
        return True
    return any(_is_order_after_subject(clause, index) for index in range(start, len(clause)))


def _names_what_is_written(clause: Sequence[str]) -> bool:
    """Whether a sign is named by the order on it: no article stands between that order and the noun."""
    for index, token in enumerate(clause):
        if token in words.WRITTEN_NOUNS:
            return index > 0 and not words.DETERMINERS & set(clause[1:index])
        if token in words.NOUN_PHRASE_ENDS:
            return False
    return False


def _skip_lead_in(clause: Sequence[str]) -> int:
    index = _skip_fillers(clause, 0)
    # "could you", "can we", "will you please", "you should": a request in the form of a question.
    first, second = (*clause[index : index + 2], "", "")[:2]
    if (
        (first in words.MODALS and second in words.ADDRESSED)
        or (first in words.ADDRESSED and second in words.MODALS)
        or (first, second) == ("let", "us")
    ):
        index += 2
    return _skip_fillers(clause, index)


def _skip_fillers(clause: Sequence[str], index: int) -> int:
    while index < len(clause):
        phrase = _phrase_at(clause, index, words.LEAD_IN_PHRASES)
        if not phrase and clause[index] not in words.LEAD_INS | words.VOCATIVES:
            break
        index += max(1, phrase)
    return index


def _phrase_at(clause: Sequence[str], index: int, phrases: Sequence[tuple[str, ...]]) -> int:
    """Length of the first of the phrases that stands at ``index``; 0 where none does."""
    return next((len(phrase) for phrase in phrases if tuple(clause[index : index + len(phrase)]) == phrase), 0)


def _asks_to_see(clause: Sequence[str]) -> bool:
    """Whether a verb that could order a manoeuvre asks to be shown: "tell me where", "let me see"."""
    return bool(set(clause[2:4]) & words.INFORMED_OF.get(clause[0], frozenset()))


def _searches_for_place(verb: str, following: Sequence[str]) -> bool:
    """Whether a search is for somewhere to stop ("find a parking spot"), which is a manoeuvre."""
    if verb not in words.PLACE_SEARCH_VERBS:
        return False
    lead = [token for token in following[:7] if token not in words.DETERMINERS]
    return bool(lead) and any(token in words.PLACE_NOUNS for token in lead[:3])


def _is_verb_with_particle(head: str, following: Sequence[str]) -> bool:
    return bool(following) and (head, following[0]) in words.PHRASAL_MANOEUVRES


def _is_compound_noun(head: str, following: Sequence[str]) -> bool:
    """Whether the verb is the first half of a noun without an article, as in "stop sign on the left"."""
    return bool(following) and following[0] in words.COMPOUND_TAILS.get(head, frozenset())


def _wishes(clause: Sequence[str]) -> bool:
    """ "i need to get out", "i want you to follow him", "we have to pick her up", "i would like to stop"."""
    if clause[0] not in words.FIRST_PERSON:
        return False
    for index, token in enumerate(clause[1:6], start=1):
        if token in {"see", "find", "know", "looking"}:
            return _searches_for_place(token, clause[index + 1 :])
        if token == "want" and clause[index + 1 : index + 2] and clause[index + 1] in words.DETERMINERS:
            # "i want that car": a thing, unless it is a place to stop.
            return bool(words.PLACE_NOUNS & set(clause[index + 2 :]))
    return any(token in words.WISH_VERBS for token in clause[1:4])


def _is_order_after_subject(clause: Sequence[str], index: int) -> bool:
    """Whether an order follows a clause's opening without punctuation: "there is my friend please stop"."""
    token = clause[index]
    if index == 0 or token not in words.MANOEUVRE_VERBS or _is_compound_noun(token, clause[index + 1 :]):
        return False
    before = clause[index - 1]
    if before in words.ORDER_OPENERS:
        return True
    if before in words.MODALS | {"not", "to"}:
        # "we can turn", "ready to stop", but not "the car that is about to turn" nor "the man who will cross".
        # nor "the car we should follow".
        subject = clause[: index - 1]
        return bool(subject) and subject[0] in words.EGO and not set(subject) & words.RELATIVES
    return False


def _head_phrase(tokens: Sequence[str]) -> list[str]:
    """The first noun phrase, without what stands before its noun and adjectives."""
    index = 0
    while index < len(tokens) and _opens_before_noun(tokens, index):
        index += 1
    phrase: list[str] = []
    for token in tokens[index:]:
        if phrase and (token in words.NOUN_PHRASE_ENDS or _is_participle(token)):
            break
        phrase.append(token)
    return phrase


def _is_plural_phrase(phrase: Sequence[str]) -> bool:
    if not phrase or any(token in words.SINGLING for token in phrase):
        return False
    return any(token in words.PLURAL_QUANTIFIERS for token in phrase) or _is_plural_noun(phrase[-1])


def _is_participle(token: str) -> bool:
    return token.endswith("ing") and token not in words.ING_NOUNS


def _opens_before_noun(tokens: Sequence[str], index: int) -> bool:
    token = tokens[index]
    if token in words.SINGLING or token in words.PLURAL_QUANTIFIERS:
        return False
    return token in words.BEFORE_NOUN or token in words.MANOEUVRE_VERBS or token in words.SEARCH_VERBS


def _is_plural_noun(token: str) -> bool:
    if token in words.IRREGULAR_PLURALS:
        return True
    return (
        len(token) > 3
        and token.endswith("s")
        and not token.endswith(words.SINGULAR_ENDINGS)
        and token not in words.SINGULAR_S
    )
