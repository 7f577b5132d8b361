# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A quiz of photos and sounds on a running box, given as a teacher gives them; asking again changes nothing."""

from __future__ import annotations

import io
import re
import wave
from html import unescape
from urllib.parse import urlencode

from PIL import Image, ImageDraw, ImageFilter

from tests.rigs.box import Box

TITLE = "Photos et sons"
WORDS = ("Un rond", "Un carré", "Un triangle", "Une étoile")
CUT = "cut-here"


def quiz(box: Box) -> str:
    """Its id: two questions, with a photo each; four choices with photos, two of them with a sound."""
    known = box.rows("SELECT id FROM activity WHERE title = ?", TITLE)
    if known:
        return str(known[0]["id"])
    _form(box, "/enseignant/exercices", {"title": TITLE})
    activity = str(box.rows("SELECT id FROM activity WHERE title = ?", TITLE)[0]["id"])
    address = f"/enseignant/exercices/{activity}"
    fields = {"kind": "choice", "id": "", "prompt": "Quelle forme est sur l’affiche ?", "right": "0"}
    fields |= {f"text{n}": word for n, word in enumerate(WORDS)}
    fields |= _given(box, address, "picture", "picture", photo(0, (1600, 1000)), "Une affiche")
    for n, word in enumerate(WORDS):
        fields |= _given(box, address, "picture", f"picture{n}", photo(n, (900, 700)), word)
    for n in (0, 1):
        fields |= _given(box, address, "sound", f"sound{n}", tone(n), WORDS[n])
    _form(box, address, {**fields, "do": "save"})
    fields = {"kind": "number", "id": "", "prompt": "Combien de formes sur l’affiche ?", "answers": "1"}
    _form(box, address, {**fields, "picture": "Une affiche", "do": "save"})
    return activity


def question(box: Box) -> str:
    """The id of its first question."""
    sql = "SELECT id FROM activity_question WHERE activity = ? AND position = 0"
    return str(box.rows(sql, quiz(box))[0]["id"])


def photo(shape: int, size: tuple[int, int]) -> bytes:
    """A PNG that weighs like a photo: a shape on a rough ground."""
    ground = Image.effect_noise(size, 60).filter(ImageFilter.GaussianBlur(2)).convert("RGB")
    draw, (w, h) = ImageDraw.Draw(ground), size
    corners = [(w * 0.3, h * 0.2), (w * 0.7, h * 0.8)]
    if shape == 0:
        draw.ellipse([*corners[0], *corners[1]], fill="#c03030")
    elif shape == 1:
        draw.rectangle([*corners[0], *corners[1]], fill="#3060c0")
    else:
        draw.regular_polygon((w / 2, h / 2, h / 3), 3 + 2 * (shape - 2), fill="#208040")
    out = io.BytesIO()
    ground.save(out, "PNG")
    return out.getvalue()


def tone(number: int) -> bytes:
    """A second of WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes((b"\0\x20" * (8 + number) + b"\0\xe0" * (8 + number)) * 300)
    return out.getvalue()


def _given(box: Box, address: str, kind: str, field: str, data: bytes, name: str) -> dict[str, str]:
    """Give a file by its form; the field of the question as it comes back."""
    parts = {"draft": urlencode({"kind": "choice", "prompt": "x"}), "place": field.removeprefix(kind),
             "do": f"add-{kind}", "name": name}  # fmt: skip
    body = b"".join(_part(f'name="{key}"', value.encode()) for key, value in parts.items())
    body += _part(f'name="{kind}_file"; filename="x"', data) + f"--{CUT}--\r\n".encode()
    answer = box.client.request("POST", f"{address}/medias", body=body, headers={
        "Content-Type": f"multipart/form-data; boundary={CUT}"})  # fmt: skip
    found = re.search(rf'<input[^>]* name="{kind}\d?"[^>]* value="([^"]+)"', answer.body.decode())
    assert found, answer.body[:2000]
    return {field: unescape(found[1])}


def _part(head: str, value: bytes) -> bytes:
    return f"--{CUT}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"


def _form(box: Box, path: str, fields: dict[str, str]) -> None:
    answer = box.client.request(
        "POST", path, body=urlencode(fields).encode(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status == 303, answer.body[:2000]
