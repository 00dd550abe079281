"""Words that say what another word asks for: general English for what cameras see. Data, fitted to no set of queries.

A search for a word is answered by its own forms and by words that imply it: a van is a vehicle, a vehicle is no van.
"""

from __future__ import annotations

from panda_agent.words import IRREGULAR, stem

IMPLIED_BY = {
    "person": "people human individual pedestrian man woman child kid boy girl toddler adult guy lady gentleman "
    "someone somebody worker officer passenger passerby crowd",
    "man": "male gentleman guy he",
    "woman": "female lady she",
    "child": "kid boy girl toddler baby infant",
    "baby": "infant",
    "officer": "policeman policewoman",
    "vehicle": "car van minivan truck lorry bus taxi automobile suv pickup motorcycle motorbike ambulance tractor",
    "car": "automobile sedan hatchback suv taxi minivan",
    "truck": "lorry pickup",
    "bicycle": "bike",
    "bike": "bicycle",
    "motorcycle": "motorbike moped",
    "animal": "dog cat horse cow sheep bird pigeon",
    "dog": "puppy",
    "bird": "pigeon seagull",
    "bag": "backpack rucksack handbag purse satchel briefcase",
    "backpack": "rucksack",
    "luggage": "suitcase baggage",
    "stroller": "pram pushchair",
    "cart": "trolley handcart pushcart",
    "trolley": "cart",
    "phone": "smartphone cellphone telephone",
    "umbrella": "parasol",
    "bin": "trashcan dustbin",
    "trash": "garbage rubbish litter",
    "weapon": "gun pistol rifle knife firearm",
    "gun": "pistol rifle firearm handgun",
    "fire": "flame blaze",
    "road": "street",
    "street": "road",
    "photo": "photograph picture",
    "picture": "photo photograph",
}
"""A thing and the words that name one of its kind."""
DONE_BY = {
    "move": "go goes",
    "stop": "halt",
    "stay": "remain",
    "stand": "",
    "turn": "",
    "enter": "",
    "leave": "",
    "cross": "",
    "pass": "",
    "run": "jog sprint",
    "walk": "stroll",
    "ride": "",
    "drive": "",
    "push": "shove",
    "pull": "drag tow tug",
    "carry": "",
    "hold": "clutch grip",
    "throw": "toss hurl fling",
    "jump": "leap hop",
    "climb": "",
    "fall": "collapse topple",
    "fight": "brawl scuffle wrestle punch",
    "hit": "punch slap",
    "kick": "",
    "argue": "quarrel",
    "chase": "pursue",
    "steal": "rob",
    "lie": "",
    "sit": "seat",
    "crouch": "squat",
    "bend": "stoop",
    "kneel": "",
    "talk": "chat converse speak",
    "look": "watch observe gaze stare",
    "wait": "",
    "dance": "",
    "eat": "",
    "drink": "",
    "play": "",
    "swim": "",
    "shout": "yell scream",
}
"""An action and the words that tell the same."""
UNFOLDED = {
    "skateboarding": "riding skateboard",
    "cycling": "riding bicycle",
    "bicycling": "riding bicycle",
    "biking": "riding bike",
    "motorcycling": "riding motorcycle",
    "photographing": "taking photo",
}
"""Verbs made of a thing, in one word; read as the two in queries and in texts."""
DOERS = {
    "cyclist": "person riding bicycle",
    "bicyclist": "person riding bicycle",
    "biker": "person riding motorcycle",
    "motorcyclist": "person riding motorcycle",
    "skateboarder": "person riding skateboard",
    "runner": "person running",
    "jogger": "person running",
}
"""Who does something: a query for one is also answered by the deed. A cyclist, though, may stand by a bicycle."""


def any_of(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


def _stems(words: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words.split())


ALIKE = {stem(word): _stems(f"{word} {others}") for word, others in (IMPLIED_BY | DONE_BY).items()}
ACTIONS = frozenset().union(*(ALIKE[stem(word)] for word in DONE_BY))
PERSON = ALIKE[stem("person")]
MOVERS = PERSON | ALIKE[stem("vehicle")] | ALIKE[stem("animal")] | _stems("vehicle animal bicycle bike scooter cyclist")
SOMEBODY = any_of(
    """person people someone somebody anyone anybody individual individuals human humans pedestrian
    pedestrians"""
)
"""Words of a query that ask for any person."""
STANDING_IN = _stems(
    "one two three four five six seven eight nine ten another other others first second third fourth fifth sixth "
    "seventh eighth ninth tenth eleventh twelfth last rest remaining both all some several many few he she they who "
    "group couple pair"
)
"""Words that stand for a person spoken of before: "another is running"."""
NOUNS_IN_ING = any_of(
    """building railing crossing ceiling painting lighting clothing marking wing ring king string spring thing something
    anything nothing everything morning evening parking landing opening awning paving wedding"""
)
IRREGULAR_ACTIONS = frozenset(word for word, base in IRREGULAR.items() if stem(base) in ACTIONS)
"""Forms that have no ending: fell, ran, rode."""


def alike(word: str) -> frozenset[str]:
    """Stems that answer a word: its own, and those of words that imply it."""
    return ALIKE.get(stem(word), frozenset([stem(word)]))
