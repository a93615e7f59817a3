"""Whole utterances around a name or a manoeuvre, in registers of free speech: terse, asking, polite, chatty."""

from __future__ import annotations

import re

from ris_ros.data.expressions.phrasing import Choice, Option, Phrasing, indefinite

_DETERMINERS = frozenset({"all", "both", "every", "everyone", "everybody", "any", "anyone"})
_TYPO_SHARE = 0.025
# Letters of a word that carries the meaning are never swapped: a typo may blur a sentence but not change it.
_KEPT_WHOLE = frozenset({"left", "right", "white", "black", "green", "brown", "yellow", "orange", "purple", "silver"})

# Frames by register. {the}: definite name, {a}: with a or an where that is as true, {bare}: without article.
_OBJECT_FRAMES: tuple[Option[Choice], ...] = (
    Option(Choice(("{the}",)), 7.0),
    Option(Choice(("{bare}",)), 4.0),
    Option(Choice(("{a}", "{the} there", "{the} over there", "just {the}", "{the}, that one", "{the}, see it?",
                   "only {the}"), ("{the}, nothing else",)), 1.2),
    Option(
        Choice(
            ("find {the}", "show me {the}", "look at {the}", "point to {the}", "check {the}", "segment {the}",
             "point out {the}", "pick out {the}", "select {the}", "highlight {the}", "locate {the}", "identify {the}",
             "mark {the}", "outline {the}", "focus on {the}", "track {the}", "look for {the}", "spot {the}",
             "watch {the}", "give me {the}", "detect {the}", "have a look at {the}", "tell me where {the} is",
             "show where {the} is"),
            ("keep an eye on {the}", "could you highlight {the} for me", "mark {the} on the screen", "zoom in on {the}",
             "draw a box around {the}"),
        ), 3.6,
    ),
    Option(
        Choice(
            ("where is {the}?", "can you see {the}?", "do you see {the}?", "where's {the}?", "which one is {the}?",
             "do you see {the} over there?", "is there {a}?", "can you find {the}?", "can you spot {the}?",
             "see {the}?", "have you seen {the}?", "is that {a} over there?", "is there {a} anywhere?",
             "could you show me {the}?", "can you point to {the}?", "can you make out {the}?"),
            ("what about {the}?", "hey, see {the}?", "any chance you see {a}?", "have you spotted {the} yet?",
             "isn't there {a} somewhere?"),
        ), 3.0,
    ),
    Option(
        Choice(
            ("I mean {the}", "I am looking at {the}", "there is {a}", "I see {a}", "there's {a}", "I can see {a}",
             "I'm looking for {the}", "I want {the}", "I want to see {the}", "that's {the}", "it's {the}",
             "I'm after {the}", "look, {a}", "look, {the}", "the one I mean is {the}", "there is {a} there",
             "I would like to see {the}", "I need to see {the}", "we want {the}"),
            ("that would be {the}", "I'm talking about {the}", "ok so there should be {the} somewhere",
             "I was referring to {the}", "what I want is {the}"),
        ), 2.4,
    ),
    Option(
        Choice(("target: {the}", "target is {the}", "object of interest: {bare}", "mask of {the}", "report {the}",
                "annotate {the}", "operator to vehicle, find {the}"), ("confirm {bare}", "query: {bare}")), 0.5,
    ),
    # Held out whole: nobody trains on a name that comes in the middle of a thought.
    Option(Choice(("you know {the}? that is what I mean", "ah yes, {the}, that's the one",
                   "not sure if you can see it, but {the} is what I mean", "so basically {the}",
                   "let me think, I'd say {the}")), 1.5, held_out=True),
)  # fmt: skip
_PLURAL_FRAMES: tuple[Option[Choice], ...] = (
    Option(Choice(("{the}",)), 7.0),
    Option(Choice(("{bare}",)), 4.0),
    Option(
        Choice(
            ("find {the}", "show me {the}", "look at {the}", "point to {the}", "select {the}", "highlight {the}",
             "mark {the}", "point out {the}", "segment {the}", "locate {the}", "pick out {the}", "outline {the}",
             "give me {the}", "check {the}"),
            ("keep an eye on {the}", "could you highlight {the} for me", "mark {the} on the screen"),
        ), 3.5,
    ),
    Option(
        Choice(
            ("do you see {the}?", "where are {the}?", "can you see {the}?", "can you find {the}?", "are there {bare}?",
             "can you spot {the}?", "could you show me {the}?"),
            ("what about {the}?", "have you spotted {the} yet?"),
        ), 2.5,
    ),
    Option(
        Choice(("I mean {the}", "I see {bare}", "I want {the}", "I'm looking for {the}", "there are {bare}",
                "I can see {the}", "look, {the}"), ("I'm talking about {the}",)), 1.5,
    ),
)  # fmt: skip
_COMMAND_FRAMES: tuple[Option[Choice], ...] = (
    Option(Choice(("{do}",)), 7.0),
    Option(
        Choice(
            ("please {do}", "{do} please", "can you {do}?", "could you {do}", "could you please {do}", "{do}, please",
             "would you {do}?", "can you please {do}", "could you just {do}?", "will you {do}"),
            ("would you mind, just {do}", "if you could {do}, that would be great"),
        ), 3.5,
    ),
    Option(
        Choice(
            ("ok, {do}", "you can {do}", "let's {do}", "{do} when you can", "hey, {do}", "ok now {do}", "alright, {do}",
             "right, {do}", "now {do}", "just {do}", "{do} for me", "{do} now", "{do} if you can", "so {do}",
             "here, {do}", "{do}, thanks", "yes, {do}", "quick, {do}"),
            ("alright then {do}", "go ahead and {do}", "{do} and be quick about it"),
        ), 3.0,
    ),
    Option(
        Choice(
            ("I want you to {do}", "I'd like you to {do}", "we need to {do}", "I need you to {do}", "you should {do}",
             "you need to {do}", "we should {do}", "we have to {do}"),
            ("we need to {do}, thanks", "I'd like you to {do} now"),
        ), 1.8,
    ),
    Option(
        Choice(
            ("I want to get out, {do}", "we are nearly there, {do}", "this is it, {do}", "I'm in a hurry, {do}",
             "change of plan, {do}", "wait, {do}", "that will do, {do}", "my friend lives here, {do}",
             "I forgot something, {do}", "I have to make a call, {do}"),
            ("{do}, I need to get out", "I've changed my mind, {do}"),
        ), 0.9,
    ),
    # Held out whole: the reason comes last.
    Option(Choice(("{do} because this is where I get out", "{do} so that I can look around",
                   "{do} before somebody else does", "{do}, otherwise we will be late")), 1.5, held_out=True),
)  # fmt: skip
_OPENERS = Choice(
    ("um", "ok", "hey", "so", "yeah", "uh", "er", "well", "oh", "right", "hmm", "ah", "look", "excuse me"),
    ("listen", "hang on a second", "now then"),
)
_CLOSERS = Choice(("please", "thanks", "there", "you see", "over there", "ok?"), ("cheers", "if you would"))
_OF_US = re.compile(r"we |let's ")
_FOR_ME = re.compile(r"\b(?:me|we)\b")
_OPENER_SHARE, _CLOSER_SHARE = 0.05, 0.04


def frame_name(phrasing: Phrasing, noun_phrase: str, *, plural: bool, definite: bool = True) -> str:
    """Say a noun phrase without its article ("red car") the way a passenger or an operator would.

    Args:
        phrasing: Source of chance.
        noun_phrase: What is meant.
        plural: Whether it is several, or an area with a plural name.
        definite: Whether only "the" fits, as with superlatives and areas.
    """
    frame = phrasing.pick(phrasing.choose(_PLURAL_FRAMES if plural else _OBJECT_FRAMES))
    the = f"that {noun_phrase}" if not plural and frame != "{the}" and phrasing.chance(0.18) else f"the {noun_phrase}"
    if noun_phrase.split(" ", 1)[0] in _DETERMINERS:
        the = noun_phrase
    some = the if definite else f"{indefinite(noun_phrase)} {noun_phrase}"
    text = frame.replace("{a}", some).replace("{the}", the).replace("{bare}", noun_phrase)
    return spoken(phrasing, _filled(phrasing, text))


def frame_command(phrasing: Phrasing, verb_phrase: str) -> str:
    """Say a manoeuvre ("park behind the van") the way a passenger would."""
    untouched = phrasing.used_held_out
    frame = phrasing.pick(phrasing.choose(_COMMAND_FRAMES))
    if _OF_US.match(frame) and _FOR_ME.search(verb_phrase):
        # "We need to drop me off" nobody says.
        frame, phrasing.used_held_out = "please {do}", untouched
    return spoken(phrasing, frame.replace("{do}", verb_phrase))


def spoken(phrasing: Phrasing, text: str) -> str:
    """An utterance with case, full stop and slips as typists and speech recognisers leave them."""
    if phrasing.plain:
        return text
    style = float(phrasing.rng.random())
    if style < 0.2:
        text = text[0].upper() + text[1:]
        if not text.endswith(("?", ".")) and phrasing.chance(0.6):
            text += "."
    elif style < 0.22:
        text = text.upper()
    elif style < 0.65:
        text = text.lower()
    if text.endswith("?") and phrasing.chance(0.35):
        text = text[:-1]
    if phrasing.chance(0.1):
        text = text.replace(",", "")
    return _mistyped(phrasing, text) if phrasing.chance(_TYPO_SHARE) else text


def _filled(phrasing: Phrasing, text: str) -> str:
    """Now and then an opener or a closer that means nothing."""
    if phrasing.chance(_OPENER_SHARE):
        text = f"{phrasing.pick(_OPENERS)}{phrasing.one_of((', ', ' '))}{text}"
    if not text.endswith("?") and phrasing.chance(_CLOSER_SHARE):
        text = f"{text}{phrasing.one_of((', ', ' '))}{phrasing.pick(_CLOSERS)}"
    return text


def _mistyped(phrasing: Phrasing, text: str) -> str:
    """Two neighbouring letters inside one long word change places."""
    places = [match for match in re.finditer(r"[A-Za-z]{5,}", text) if match[0].lower() not in _KEPT_WHOLE]
    if not places:
        return text
    word = phrasing.one_of(places)
    at = word.start() + 1 + phrasing.below(len(word[0]) - 3)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
