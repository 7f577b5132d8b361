# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A photo or a voice arrives: cleaned, then sealed beside its statement, or held in memory, once.

Like any answer (``quiz_delivery.py``) it carries a UUID and a signed token, and may come many times, late, or while
the vault is locked. Its statement says that there is one, and under which id.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from flask import current_app

from appliance.errors import BadInput, Busy, CartableError, Conflict, NotFound, Refused
from appliance.hub import anonymous, lesson_office, photos, quiz_delivery, voice_notes
from appliance.hub.answered import Answer, asked, prepared, sealed_id
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.medium_worker import Makers
from appliance.hub.passing import Passed
from appliance.model import MEDIA_KINDS, QuestionKind
from appliance.store import activities, media, settings, statements, texts
from appliance.store.record_append import Beside
from appliance.xapi.preparing import Prepared

MOST_MEDIA = 30
"""Of one pupil in one lesson."""
MOST_BYTES = 20 << 20
"""Of the same, on the card."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Medium:
    activity: str
    kind: QuestionKind
    body: bytes = dataclasses.field(repr=False)
    """As it arrived."""

    def cleaned(self) -> tuple[str, bytes]:
        """(media type, bytes to keep)."""
        if self.kind is QuestionKind.PHOTO:
            light = photos.is_light(self.body)
            return photos.MEDIA_TYPE, photos.cleaned(self.body) if light else self._apart()
        return voice_notes.cleaned(self.body)

    def _apart(self) -> bytes:
        """In a process of its own, bounded: a picture made to fill the memory ends that one, not the hub."""
        makers: Makers = current_app.extensions["medium_makers"]
        return makers.make("photo", self.body, gettext("The photo"))[0]


def deliver(item: Mapping[str, Any], body: bytes) -> str:
    """Record one; returns why it never can be, in the reader's language, or nothing.

    ``item`` as :func:`quiz_delivery.read` takes it, without a response. Raises :class:`Busy` and
    :class:`appliance.errors.StorageError` where it may come again later.
    """
    try:
        return _take(item, body)
    except (BadInput, Conflict, NotFound, Refused) as error:
        return error.localized(gettext)


def _take(item: Mapping[str, Any], body: bytes) -> str:
    activity, answer = quiz_delivery.read(item)
    lesson_office.admit(answer.lesson)
    quiz = activities.ever(hub().db, activity)
    kind = asked(quiz, answer).kind
    if kind not in MEDIA_KINDS:
        raise BadInput("This answer fits no question of the activity.")
    answer = dataclasses.replace(answer, response=_mark(body))
    box, several = settings.box_id(hub().db), answer.each()
    batch = {each.id: prepared(box, quiz, each) for each in several}
    if all(_known(each) for each in several):
        return _keep(several, batch, {})
    for each in several:
        quiz_delivery.check_bell(activity, each)
    _expect_few(several)
    return _new(several, batch, _Medium(activity, kind, body))


def _new(several: list[Answer], batch: Mapping[str, Prepared], medium: _Medium) -> str:
    media_type, kept = medium.cleaned()
    sealed = [each for each in several if not _in_memory(each)]
    if sealed:
        hub().records.expect_room(0, attached=len(kept) * len(sealed))
    seal = functools.partial(_seal, media_type, kept, lesson_office.sealed_at())
    lesson_office.current()  # a hub that has just started knows the lesson again
    held: list[Answer] = []
    try:
        for each in several:
            if each not in sealed and _is_there(each) and hub().passing.hold(_passed(each, medium, media_type, kept)):
                held.append(each)
        reason = _keep(several, batch, {each.id: functools.partial(seal, each) for each in sealed})
    except CartableError:
        _let_go(held)
        raise
    if reason:
        _let_go(held)
    return reason


def _passed(answer: Answer, medium: _Medium, media_type: str, kept: bytes) -> Passed:
    return Passed(answer.id, answer.response, answer.pupil, answer.lesson, medium.activity, answer.question, media_type,
                  kept)  # fmt: skip


def _keep(several: list[Answer], batch: Mapping[str, Prepared], beside: Mapping[str, Beside]) -> str:
    refused = lesson_office.keep([(each.lesson, batch[each.id]) for each in several], {}, beside)
    return next((gettext(reason) for reason in refused.values()), "")


def _let_go(held: list[Answer]) -> None:
    for each in held:
        hub().passing.remove(each.id)


def _mark(body: bytes) -> str:
    """Tells these bytes from others; without the box's secret it tells nobody anything about them."""
    return hmac.new(hub().secret, b"medium" + body, hashlib.sha256).hexdigest()


def _in_memory(answer: Answer) -> bool:
    return anonymous.is_anonymous(answer.lesson) or not texts.kept_of(hub().db.reading(), answer.pupil)


def _is_there(answer: Answer) -> bool:
    return answer.pupil in {pupil.id for pupil in lesson_office.pupils(lesson_office.find(answer.lesson))}


def _known(answer: Answer) -> bool:
    """Whether it came before: it is compared with that, and counts no second time."""
    if anonymous.is_anonymous(answer.lesson):
        return hub().passing.knows(answer.id, answer.response)
    return statements.is_answer(hub().db, answer.id)


def _expect_few(several: list[Answer]) -> None:
    """Raises :class:`Busy`: no tablet fills the card. As with answers that come too fast (``pace.py``), it is not
    thrown away: whoever sends in another's place takes nothing from them.
    """
    fits = all(_has_room(each) for each in several)
    if not fits or not hub().pace.takes([(each.lesson, each.pupil) for each in several]):
        raise Busy("That is enough photos and voices for this lesson: the teacher may delete some.")


def _has_room(answer: Answer) -> bool:
    found = media.used(hub().db, answer.lesson, answer.pupil), hub().passing.used(answer.lesson, answer.pupil)
    number, size = (sum(each) for each in zip(*found, strict=True))
    return number < MOST_MEDIA and size < MOST_BYTES


def _seal(media_type: str, body: bytes, at: str, answer: Answer, conn: Any) -> None:
    media.keep(conn, answer.pupil, body, media_type=media_type, item=sealed_id(answer.id, answer.response),
               about=answer.id, at=at, folder=hub().vaults.folder)  # fmt: skip
