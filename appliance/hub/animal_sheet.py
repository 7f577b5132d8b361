# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The animals that pupils are, one for each of a class of 48."""

from __future__ import annotations

from appliance.i18n import N_

ANIMALS = {
    "1F98A": N_("Fox"), "1F989": N_("Owl"), "1F43A": N_("Wolf"), "1F981": N_("Lion"), "1F405": N_("Tiger"),
    "1F40E": N_("Horse"), "1F993": N_("Zebra"), "1F404": N_("Cow"), "1F416": N_("Pig"), "1F411": N_("Sheep"),
    "1F410": N_("Goat"), "1F992": N_("Giraffe"), "1F418": N_("Elephant"), "1F401": N_("Mouse"), "1F407": N_("Rabbit"),
    "1F994": N_("Hedgehog"), "1F428": N_("Koala"), "1F43C": N_("Panda"), "1F9A6": N_("Otter"), "1F998": N_("Kangaroo"),
    "1F427": N_("Penguin"), "1F986": N_("Duck"), "1F9A2": N_("Swan"), "1F438": N_("Frog"), "1F422": N_("Turtle"),
    "1F42C": N_("Dolphin"), "1F98B": N_("Butterfly"), "1F41D": N_("Bee"), "1F408": N_("Cat"), "1F415": N_("Dog"),
    "1F43B": N_("Bear"), "1F435": N_("Monkey"), "1F43F": N_("Squirrel"), "1F98C": N_("Deer"), "1F40D": N_("Snake"),
    "1F40A": N_("Crocodile"), "1F40B": N_("Whale"), "1F988": N_("Shark"), "1F419": N_("Octopus"), "1F980": N_("Crab"),
    "1F41F": N_("Fish"), "1F40C": N_("Snail"), "1F41E": N_("Ladybird"), "1F413": N_("Rooster"), "1F99C": N_("Parrot"),
    "1F9A9": N_("Flamingo"), "1F98F": N_("Rhinoceros"), "1F42A": N_("Camel"),
}  # fmt: skip
"""OpenMoji hexcodes of the sheet of animals (``tools/vendor/animals.json``) -> message ids."""
