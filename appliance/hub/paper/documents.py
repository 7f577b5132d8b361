# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the law asks to be told: the parents' notice (GDPR, articles 12, 13), the record of processing (30).

Drafts to be signed by whoever is responsible: the lines left blank are theirs to fill in. The facts are the box's own.
"""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Sequence

from appliance.hub.paper.data import Place, Say
from appliance.hub.paper.sheet import INNER, MARGIN, RULE, Sheet
from appliance.i18n import N_

Chapter = tuple[str, Sequence[str]]
"""A heading and its points, message ids. A point of ``_`` is a line to write on."""
LINE = "_"

NAMED = (
    N_("The first name or a nickname, sealed: only the teacher's passphrase or the director's recovery key opens it."),
)
PORTFOLIO = (N_("The texts that your child writes, the sounds and pictures that your child makes: sealed alike."),)
NO_NAME = (N_("No name: your child is an animal of the class's list, and the teacher knows which."),)
KEPT = (
    N_("The class, the animal, the group."),
    N_("The answers to exercises, under a number that says nothing about your child."),
    N_("How your child reads most easily (size of letters, spacing, sound): a setting, never a diagnosis."),
)
NEVER = N_("Never: the surname, the date of birth, the national pupil number, an address, an e-mail.")

NOTICE: tuple[Chapter, ...] = (
    (N_("How long"), (
        N_("Answers and work: until 31 August of the school year. An anonymous lesson keeps nothing."),
        N_("The list of what adults did on the box (without any name): one year."),
    )),
    (N_("Who sees it"), (
        N_("Your child's teacher. A substitute sees animals only. The technician sees figures only."),
        N_("Nobody else: no company, no advertising, no statistics sent anywhere. Pupils cannot write to each other."),
    )),
    (N_("Where it is"), (
        N_("In a box in the classroom, which works without the internet. Nothing leaves it unless the teacher decides so, "
           "after having seen what would leave."),
    )),
    (N_("Your rights"), (
        N_("You may ask to see what is kept, to have it corrected, to have a copy, to have it erased, or object to it: ask "
           "the teacher or the director. It takes a minute, and costs nothing."),
        N_("A child whose family objects works with an animal and no name, like the others."),
        N_("Data protection officer of the académie:"),
        LINE,
        N_("You may also complain to the CNIL: 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, www.cnil.fr."),
    )),
)  # fmt: skip

REGISTER: tuple[Chapter, ...] = (
    (N_("Controller, and data protection officer"), (
        N_("Controller (public primary schools: the académie; collège and lycée: the head of the school):"), LINE,
        N_("Data protection officer of the académie:"), LINE,
    )),
    (N_("Purposes"), (
        N_("To give exercises and resources to the pupils of a class, to correct them, and to show the teacher how each "
           "gets on."),
        N_("Legal basis: a task carried out in the public interest, the public service of education (article 6(1)(e))."),
    )),
    (N_("Persons and data"), (
        N_("Pupils: first name or nickname (sealed), animal, class, groups, answers, work (sealed), reading settings."),
        N_("Teachers, substitutes, directors, technicians: a name chosen by them, what proves who they are (as a hash), "
           "the list of their acts."),
        N_("No special category of data (article 9): reading settings are no diagnosis. No surname, date of birth, national "
           "number, address, e-mail."),
    )),
    (N_("Recipients"), (
        N_("The teacher of the class; with the recovery key, the director."),
        N_("No processor: the box is run by the school, and sends nothing by itself."),
    )),
    (N_("Transfers outside the European Union"), (N_("None."),)),
    (N_("Time limits"), (
        N_("Answers and work: until 31 August of the school year. An anonymous lesson keeps nothing."),
        N_("The list of what adults did on the box (without any name): one year."),
        N_("One pupil can be erased, or exported, at any time, from the teacher's pages; the erasure is signed, and follows "
           "copies between boxes."),
    )),
    (N_("Security"), (
        N_("First names, texts and media are sealed (HPKE, AES-256-GCM) to a key that only the teacher's passphrase (Argon2id) "
           "or the recovery key opens. They are closed at the bell, and by any power cut."),
        N_("Results stand under a pseudonym. Public resources are not sealed."),
        N_("Each role sees what it needs; a substitute and a technician see no name. What adults do is kept in a list that "
           "cannot be changed unseen."),
        N_("The box needs no internet; its services cannot reach it, but for the one that delivers what the teacher decided."),
        N_("A stolen box: its resources can be read, the names and the work of pupils cannot."),
    )),
)  # fmt: skip


def notice(place: Place, say: Say, language: str) -> bytes:
    """To the parents: what is kept, how long, whom to ask, their rights. One page."""
    _ = say
    sheet = Sheet(_("Notice to the parents"), language, _("Cartable is free software. It was installed by the school."))
    sheet.add_page()
    sheet.heading(_("Your child and the class's box"), _of(place))
    sheet.paragraph(_("The class works with Cartable, a box that the teacher switches on in the classroom. This is what it "
                      "keeps about your child."))  # fmt: skip
    known = (*(NAMED if place.named else NO_NAME), *KEPT, *(PORTFOLIO if place.portfolio else ()), NEVER)
    _chapters(sheet, ((N_("What is kept"), known), *NOTICE), say)
    return sheet.done()


def register(place: Place, say: Say, language: str) -> bytes:
    """The record of processing activities, filled with the facts of this box."""
    _ = say
    foot = _("GDPR, article 30(1). To be checked and signed by the controller.")
    sheet = Sheet(_("Record of processing"), language, foot, body=10)
    sheet.add_page()
    sheet.heading(_("Record of processing: Cartable"), _of(place))
    _chapters(sheet, REGISTER, say)
    sheet.chapter(_("Date, name and signature"))
    sheet.ln(12)
    _line(sheet)
    return sheet.done()


def _of(place: Place) -> str:
    return " · ".join(filter(None, (place.school, place.group, place.box, place.day)))


def _chapters(sheet: Sheet, chapters: Sequence[Chapter], say: Say) -> None:
    for heading, points in chapters:
        sheet.chapter(say(heading))
        for point in points:
            if point == LINE:
                _line(sheet)
            else:
                sheet.paragraph(say(point), bullet=True)


def _line(sheet: Sheet) -> None:
    """A line to write on."""
    y = sheet.get_y() + 5
    sheet.set_draw_color(RULE)
    sheet.set_line_width(0.3)
    sheet.line(MARGIN + 5, y, MARGIN + INNER, y)
    sheet.set_y(y + 3)
