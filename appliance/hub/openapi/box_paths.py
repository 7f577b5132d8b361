# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api``: the library, answers, search, health."""

from __future__ import annotations

from appliance.hub.openapi.parts import (
    ANYBODY,
    LOCAL,
    TEACHER,
    TEXT,
    YES_NO,
    Json,
    errors,
    many,
    operation,
    query,
    record,
    ref,
    sent,
    told,
    within,
)

RESOURCE = within("resource_id", "A resource's identifier")
PATH: Json = {"type": "string", "pattern": "^/", "description": "A whole path on the box"}
TAG = "box"
_ORAL: Json = {"token": TEXT, "activity": TEXT, "item": TEXT}
"""The page's token, the number of the activity, the item's slug."""


def paths() -> dict[str, Json]:
    """Path -> operations."""
    return {
        "/api/openapi.json": {"get": _description()},
        "/api/answers": {"post": _answers()},
        "/api/media": {"post": _medium()},
        "/api/who": {"get": _who()},
        "/api/oral/turn": {"post": _oral_turn()},
        "/api/oral/attempts": {"post": _oral_attempt()},
        "/api/lesson/now": {"get": _lesson_now()},
        "/api/search": {"get": _search()},
        "/api/suggestions": {"get": _suggestions()},
        "/api/voice/{language}/{digest}": {"get": _voice()},
        "/api/health": {"get": _health()},
        "/api/presence-code": {"get": _presence_code()},
        "/api/library": {"get": _listing(), "post": _add()},
        "/api/library/jobs": {"get": _jobs()},
        "/api/library/jobs/{job_id}": {"get": _job()},
        "/api/library/verify": {"get": _verified(), "post": _verify()},
        "/api/library/{resource_id}": {"delete": _remove()},
        "/api/library/{resource_id}/export": {"post": _export()},
    }


def _description() -> Json:
    return operation("description", TAG, "This description", ANYBODY, {
        "200": told("An OpenAPI 3.1 document", {"type": "object", "required": ["openapi", "paths"]},
                    headers={"ETag": {"schema": TEXT, "required": True}}),
        "304": told("It is still the one whose ETag stands in If-None-Match"),
    })  # fmt: skip


def _answers() -> Json:
    return operation(
        "answers", TAG, "Deliver closed answers, some perhaps sent before", ANYBODY,
        {
            "200": told("accepted: durable, the tablet may forget them; refused: can never be accepted; what is in "
                        "neither came too fast. After any other status: keep everything, try again.", ref("Answers")),
            **errors(400, 403, 413, 415, 503, 507),
        },
        description="Each answer carries a token signed for one pupil, lesson and activity, and a UUID made before it "
                    "was first sent: sent again it is stored once.",
        requestBody=sent(many(ref("Answer"), maxItems=200)),
    )  # fmt: skip


def _medium() -> Json:
    file: Json = {"type": "string", "contentMediaType": "application/octet-stream"}
    needed = {"id": TEXT, "token": TEXT, "question": TEXT, "medium": file}
    form = record(needed, {"age_ms": {"type": "number"}}, more=True)
    return operation(
        "medium", TAG, "Deliver a photo or a voice, perhaps sent before", ANYBODY,
        {
            "200": told("As for answers. After any status but 200 and 413, keep it and try again.", ref("Answers")),
            **errors(400, 403, 413, 415, 503, 507),
        },
        description="medium: at most 8 MB of JPEG, PNG or WebP, or 2 MB of WebM, MP4, Ogg, WAV or MP3 sound. The rest "
                    "as for answers; other bytes under the same id are refused.",
        requestBody={"required": True, "content": {"multipart/form-data": {"schema": form}}},
    )  # fmt: skip


def _who() -> Json:
    known = record({"teacher": YES_NO, "pupil": YES_NO, "language": TEXT, "lesson": TEXT})
    return operation("who", TAG, "Whom the forwarded cookie names, for the box's other services", LOCAL,
                     {"200": told("lesson: key of the one that runs, or empty", known), **errors(403)})  # fmt: skip


def _oral_turn() -> Json:
    asked = record({"text": TEXT, "focus": many(TEXT), "items": many(TEXT), "pronunciations": {"type": "object"}})
    return operation(
        "oralTurn", TAG, "What a pupil was asked to say in English, for the speech service", LOCAL,
        {"200": told("What to listen for", record({"asked": asked, "language": TEXT})),
         **errors(400, 403, 404, 413, 415, 503)},
        requestBody=sent(record(_ORAL)),
    )  # fmt: skip


def _oral_attempt() -> Json:
    told_of = {"id": TEXT, **_ORAL, "verdict": {"type": "object"}}
    kept = record({"kept": YES_NO, "page": PATH, "say": many(PATH)}, {"why": TEXT})
    return operation(
        "oralAttempt", TAG, "The verdict on what a pupil said; no sound", LOCAL,
        {"200": told("kept: told of in the records, or in memory for an anonymous lesson; page: shows the verdict; "
                     "say: what is said aloud, one after the other", kept),
         **errors(400, 403, 404, 413, 415, 503, 507)},
        requestBody=sent(record(told_of, {"age_ms": {"type": "number"}})),
    )  # fmt: skip


def _lesson_now() -> Json:
    number: Json = {"type": "number", "minimum": 0}
    schema = record({"lesson": TEXT, "you": TEXT, "hand": YES_NO, "look": number, "timer": number, "timer_of": number})
    return operation(
        "lesson_now", TAG, "What goes on in the lesson, for the tablet that asks every 1.2 seconds", ANYBODY,
        {
            "200": told("lesson: names its sitting, empty when none runs; you: this coming-in, empty for a tablet that "
                        "is nobody's; look, timer: seconds left.", schema,
                        headers={"ETag": {"schema": TEXT, "required": True}}),
            "304": told("It is still the one whose ETag stands in If-None-Match"),
        },
        parameters=[query("p", TEXT, "The page that the tablet shows"), query("w", TEXT, "Answers that wait in it")],
    )  # fmt: skip


def _search() -> Json:
    filters = [query(name, TEXT, "As on the shelf; an unknown code filters nothing")
               for name in ("niveau", "matiere", "format")]  # fmt: skip
    limit: Json = {"type": "integer", "minimum": 1, "maximum": 50, "default": 25}
    return operation(
        "search", TAG, "Search the library", ANYBODY,
        {"200": told("The best first", record({"hits": many(ref("Hit"))})), **errors(500, 503)},
        parameters=[query("q", TEXT, "Words"), query("limit", limit, "Most hits; brought into its bounds"), *filters],
    )  # fmt: skip


def _suggestions() -> Json:
    return operation("suggestions", TAG, "Titles and words that begin as typed", ANYBODY,
                     {"200": told("At most 8; empty while the search is busy", many(TEXT, maxItems=8)), **errors(500)},
                     parameters=[query("q", TEXT, "What was typed; from two characters on")])  # fmt: skip


def _voice() -> Json:
    sound = told("The sound, or the ranges asked for", {"type": "string", "format": "binary"}, "audio/mpeg")
    return operation(
        "voice", TAG, "A sentence of the box's pages, said aloud", ANYBODY,
        {"200": sound, "206": sound, "304": told("It is still the same"), **errors(404, 500, 502, 503)},
        description="Addresses are signed by the box, in its pages: no other sentence is said.",
        parameters=[within("language", "fr or en"), within("digest", "The signature"),
                    query("t", TEXT, "The sentence", required=True)],
    )  # fmt: skip


def _health() -> Json:
    return operation("health", TAG, "What works, what does not, and how to mend it", ANYBODY, {
        "200": told("Nothing is wrong", ref("Health")), "503": told("Something is", ref("Health")),
    })  # fmt: skip


def _presence_code() -> Json:
    return operation("presenceCode", TAG, "The code that the teacher types, for whoever shows it", LOCAL,
                     {"200": told("The code", record({"code": TEXT})), **errors(403)})  # fmt: skip


def _listing() -> Json:
    return operation("resources", TAG, "Every resource, damaged ones included", LOCAL,
                     {"200": told("All", record({"resources": many(ref("Resource"))})), **errors(403)})  # fmt: skip


def _add() -> Json:
    link = record({"url": {"type": "string", "format": "uri"}}, {"card": ref("CardEdits")}, more=True)
    captions = many(PATH, maxItems=100)
    file = record({"path": PATH}, {"filename": TEXT, "card": ref("CardEdits"), "captions": captions, "move": YES_NO},
                  more=True)  # fmt: skip
    return operation(
        "addResource", TAG, "Import a file of the box, or keep a web address", LOCAL,
        {
            "201": told("The link", record({"resource": ref("Resource")})),
            "202": told("The import, begun", ref("Job")),
            **errors(400, 403, 404, 409, 413, 415, 507),
        },
        requestBody=sent({"anyOf": [file, link]}),
    )  # fmt: skip


def _jobs() -> Json:
    return operation("imports", TAG, "The latest imports, newest first", TEACHER,
                     {"200": told("At most 100", record({"jobs": many(ref("Job"))})), **errors(403)})  # fmt: skip


def _job() -> Json:
    return operation("importState", TAG, "How far an import is", TEACHER,
                     {"200": told("The import", ref("Job")), **errors(403, 404)},
                     parameters=[within("job_id", "An import's identifier")])  # fmt: skip


def _verified() -> Json:
    return operation("verified", TAG, "How far the check of every file is; once over, the damaged ones", LOCAL,
                     {"200": told("So far", ref("Verification")), **errors(403)})  # fmt: skip


def _verify() -> Json:
    return operation("verify", TAG, "Begin to read every file again", LOCAL,
                     {"202": told("Begun, or going on", ref("Verification")), **errors(403)})  # fmt: skip


def _remove() -> Json:
    return operation("removeResource", TAG, "Take a resource off the box", LOCAL,
                     {"204": told("It is gone"), **errors(403, 404, 507)}, parameters=[RESOURCE])  # fmt: skip


def _export() -> Json:
    return operation(
        "exportResource", TAG, "Write a resource's original file into a folder of the box", LOCAL,
        {"200": told("Where it stands now", record({"path": TEXT})), **errors(400, 403, 404, 500, 507)},
        parameters=[RESOURCE],
        requestBody=sent(record({"folder": PATH}, more=True)),
    )  # fmt: skip
