# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The closed lists of the format: levels, themes, activities, contrasts, modes."""

from __future__ import annotations

from appliance.i18n import N_

LEVELS = {"cp-ce1": "CP, CE1", "ce2": "CE2", "cm1-cm2": "CM1, CM2"}
"""Names that no language changes: they are classes of the French school."""

THEMES = {
    "greetings": N_("Meeting people"),
    "colours": N_("Colours"),
    "numbers": N_("Numbers"),
    "family": N_("Family"),
    "animals": N_("Animals"),
    "food": N_("Food"),
    "weather": N_("Weather and nature"),
    "school": N_("School"),
    "body": N_("Body and health"),
    "feelings": N_("Feelings"),
    "routines": N_("Daily life and jobs"),
    "story": N_("Stories"),
    "clothes": N_("Clothes"),
    "toys": N_("Toys"),
    "calendar": N_("Calendar and festivals"),
    "classroom": N_("Classroom English"),
    "home": N_("At home"),
    "town": N_("Town and travel"),
    "sports": N_("Sports"),
    "likes": N_("Likes and hobbies"),
    "time": N_("Time"),
    "songs": N_("Songs and rhymes"),
    "sounds": N_("Sounds"),
}

ACTIVITIES = {
    "listen-repeat": N_("Listen, then repeat."),
    "picture-word": N_("Look at the picture and say the word in English."),
    "question-answer": N_("Listen to the question, then answer in English."),
    "minimal-pairs": N_("Two words sound alike: listen, show the one that you hear, then say it."),
    "simon-says": N_("Do what you hear, but only when you hear “Simon says”."),
    "dialogue": N_("Each in turn: say your line, then listen to the other."),
    "story": N_("Listen to the story, then tell it, one sentence each."),
    "song": N_("Listen to the rhythm, clap, then say the line in time."),
    "free-recording": N_("Record your voice, then listen to it beside the model."),
}
"""Kind -> what pupils are told when the sequence says nothing else."""

NAMES = {
    "listen-repeat": N_("Listen and repeat"),
    "picture-word": N_("Picture, word"),
    "question-answer": N_("Question, answer"),
    "minimal-pairs": N_("Two words that sound alike"),
    "simon-says": N_("Simon says"),
    "dialogue": N_("Dialogue"),
    "story": N_("Story"),
    "song": N_("Song"),
    "free-recording": N_("Free speech"),
}
"""Kind -> what a teacher calls it."""

CONTRASTS = {
    "w/v": ({"W"}, {"V"}),
    "h": ({"HH"}, set()),
    "th/t": ({"TH"}, {"T"}),
    "ih/iy": ({"IH"}, {"IY"}),
    "v/f": ({"V"}, {"F"}),
    "ae/aa": ({"AE"}, {"AA"}),
}
"""What may be announced: name -> the phones (ARPAbet) of either side; an empty side is a phone left out. Others are
shown beforehand and never judged (docs/explanation/speech.md)."""

SOUNDS = {
    "w/v": "wet / vet", "h": "hat / at", "th/t": "three / tree", "ih/iy": "ship / sheep", "v/f": "van / fan",
    "ae/aa": "hat / hot",
}  # fmt: skip
"""What a contrast is to a teacher: two words."""

MODES = {
    "class": N_("whole class"),
    "half": N_("half class"),
    "group": N_("small group"),
    "pairs": N_("in pairs"),
    "alone": N_("alone"),
}

PHONES = frozenset((
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
))  # fmt: skip
"""ARPAbet as the CMU dictionary writes it, without stress."""
