# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the service asks of the hub for a led activity: the sequence, its sounds, a spoken sentence, to keep an attempt.

The hub alone reads a teacher's own files and has the voices; everything goes over its socket.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from appliance.client import Client, Response
from appliance.errors import BadInput, CartableError, NotFound, Unreachable
from appliance.i18n import N_
from appliance.sequences import reader
from appliance.sequences.sequence import Activity, Sequence
from appliance.speech.room_steps import Mode
from appliance.speech.verdict import Asked, Verdict

ASK_S, SAY_S = 5.0, 20.0
MOST_ITEMS = 40
"""That the engine is told of."""
SOUNDS_KEPT = 60
"""In memory: those of one activity, some 10 kB each."""
_AWAY = N_("The box is starting again: wait a moment.")


@dataclass(frozen=True, slots=True)
class Led:
    """A led activity."""

    sequence: Sequence
    number: int
    """Of the activity, from 0."""
    mode: Mode = Mode.CLASS
    pupil: str = ""
    """Who alone answers, and whose attempts are kept; empty: nobody's are."""
    token: str = ""
    """Of that pupil; the hub signed it."""

    @property
    def activity(self) -> Activity:
        """The one of that number."""
        return self.sequence.activities[self.number]

    def asked(self, slug: str) -> Asked:
        """What the engine is to listen for when that item is to be said."""
        used = [self.sequence.item(text) for text in dict.fromkeys(self.activity.items)]
        (item,) = [each for each in self.sequence.items if each.slug == slug][:1]
        said = {word: phones for each in (*used, item) for word, phones in each.pronunciations.items()}
        return Asked(item.text, self.activity.focus, tuple(each.text for each in used)[:MOST_ITEMS], said)


class Library:
    """Thread-safe enough: one conductor uses it at a time."""

    def __init__(self, hub: Client, language: str) -> None:
        self._hub = hub
        self.language = language
        """Of spoken sentences: the class's."""
        self._sounds: OrderedDict[str, bytes] = OrderedDict()

    def led(self, sequence: str, activity: str, mode: str, pupil: str, cookie: str) -> Led:
        """What a teacher asked for. Raises :class:`NotFound`, :class:`BadInput`, :class:`Unreachable`."""
        asked = f"?{urlencode({'pupil': pupil})}" if pupil else ""
        told = self._json(f"/api/oral/sequences/{quote(sequence, safe='')}{asked}", cookie)
        read = reader.read(str(told["document"]).encode())
        self._sounds.clear()  # a teacher's own may have changed since
        if not (activity.isascii() and activity.isdecimal() and int(activity) < len(read.activities)):
            raise NotFound("There is no such activity: open the sequence again.")
        if mode not in list(Mode):
            raise BadInput("Choose the whole class, half of it or a small group.")
        return Led(read, int(activity), Mode(mode), pupil, str(told.get("token", "")))

    def clip(self, sequence: str, slug: str, *, slow: bool) -> bytes:
        """The model's voice, MP3. Raises :class:`Unreachable`, :class:`NotFound`."""
        return self._sound(f"/api/oral/sequences/{quote(sequence)}/clips/{quote(slug)}{'?slow=1' if slow else ''}")

    def spoken(self, text: str, language: str) -> bytes:
        """A sentence, MP3. Raises as :meth:`clip`; :class:`NotFound` where the box has no voice for it."""
        return self._sound(f"/api/oral/voice?{urlencode({'text': text, 'language': language})}")

    def keep(self, led: Led, slug: str, verdict: Verdict) -> bool:
        """Hand over the attempt of the pupil who was chosen; whether it is kept. Never raises: the lesson goes on."""
        told = {
            "id": str(uuid.uuid4()), "token": led.token, "activity": str(led.number), "item": slug,
            "verdict": dataclasses.asdict(verdict), "age_ms": 0,
        }  # fmt: skip
        try:
            answer = self._hub.request("POST", "/api/oral/attempts", told, timeout=ASK_S)
            return answer.status == 200 and bool(answer.json()["kept"])
        except (CartableError, ValueError, KeyError):
            return False

    def _sound(self, path: str) -> bytes:
        if path in self._sounds:
            self._sounds.move_to_end(path)
            return self._sounds[path]
        sound = self._get(path, "", SAY_S).body
        self._sounds[path] = sound
        if len(self._sounds) > SOUNDS_KEPT:
            self._sounds.popitem(last=False)
        return sound

    def _json(self, path: str, cookie: str) -> dict[str, Any]:
        found: dict[str, Any] = self._get(path, cookie, ASK_S).json()
        return found

    def _get(self, path: str, cookie: str, patience_s: float) -> Response:
        try:
            answer = self._hub.request("GET", path, headers={"Cookie": cookie}, timeout=patience_s)
        except Unreachable as error:
            raise Unreachable(_AWAY) from error
        if answer.status == 200:
            return answer
        raise _refused(answer)


def _refused(answer: Response) -> CartableError:
    """In the hub's own words."""
    sentence = answer.refusal()
    if answer.status >= 500 or not sentence:
        return Unreachable(sentence or _AWAY)
    refused = NotFound(sentence)
    refused.status = answer.status
    return refused
