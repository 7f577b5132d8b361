# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Every page of the hub. ``test_routes`` fails when the application answers a GET rule that is not listed here."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from urllib.parse import quote

from tests.rigs import english, media, own_sequence, people, quiz_photos, traces
from tests.rigs.box import Box


class Kind(enum.StrEnum):
    """What budgets and targets hold."""

    PUPIL = "pupil"
    TEACHER = "teacher"
    DASHBOARD = "dashboard"


class Who(enum.StrEnum):
    """Who the browser is signed in as."""

    NOBODY = "nobody"
    PUPIL = "pupil"
    TEACHER = "teacher"
    """By the box's code, while it has no teacher."""


@dataclasses.dataclass(frozen=True)
class Page:
    """One page as somebody sees it; several may share a rule."""

    name: str
    rule: str
    kind: Kind
    who: Who
    path: Callable[[Box], str]
    status: int = 200
    same_title_as: str = ""
    """The page of which this is another state."""
    more_js_kb: float = 0
    """Of a script that other pages of its kind do without."""


def _at(path: str) -> Callable[[Box], str]:
    return lambda box: path


def _pupil(box: Box) -> str:
    return f"/qui/{box.rows('SELECT id FROM pupil ORDER BY position LIMIT 1')[0]['id']}"


def _quiz(box: Box) -> str:
    return f"/exercice/{box.rows('SELECT id FROM activity ORDER BY rowid LIMIT 1')[0]['id']}"


def reader(kind: str) -> Callable[[Box], str]:
    """``/lire/…`` of the first resource of a format."""
    return lambda box: f"/lire/{quote(box.resources(kind)[0]['id'])}"


def _card(box: Box, filename: str = "guide-calibre.epub") -> str:
    return f"/enseignant/bibliotheque/{quote(box.resource(filename)['id'])}"


def _traces(box: Box) -> str:
    traces.tell(box)
    return "/enseignant/traces"


def _summary(box: Box) -> str:
    return f"/enseignant/seance/bilan/{box.rows('SELECT id FROM lesson ORDER BY started_at LIMIT 1')[0]['id']}"


def _one(box: Box, sql: str) -> str:
    return str(box.rows(sql)[0]["id"])


def _class(box: Box) -> str:
    return f"/enseignant/classes/{_one(box, 'SELECT id FROM school_group ORDER BY rowid LIMIT 1')}"


def _members(box: Box) -> str:
    return f"/enseignant/classes/{people.need_group(box)}/membres"


def _photos(box: Box) -> str:
    return f"/enseignant/exercices/{quiz_photos.quiz(box)}"


FORMATS = ("zim", "epub", "pdf", "web_bundle", "video", "audio", "image", "office")

PAGES: tuple[Page, ...] = (
    Page("grid", "/qui", Kind.PUPIL, Who.NOBODY, _at("/qui")),
    Page("confirm", "/qui/<pupil_id>", Kind.PUPIL, Who.NOBODY, _pupil),
    Page("together", "/qui/ensemble", Kind.PUPIL, Who.NOBODY, _at("/qui/ensemble")),
    Page("shelf", "/etagere", Kind.PUPIL, Who.PUPIL, _at("/etagere")),
    Page("shelf-anonymous", "/etagere", Kind.PUPIL, Who.NOBODY, _at("/etagere"), same_title_as="shelf"),
    Page("shelf-last", "/etagere", Kind.PUPIL, Who.NOBODY, _at("/etagere?page=99"), same_title_as="shelf"),
    Page("search", "/etagere", Kind.PUPIL, Who.PUPIL, _at("/etagere?q=lune")),
    Page("search-english", "/etagere", Kind.PUPIL, Who.NOBODY, _at("/etagere?q=alice")),
    Page("search-nothing", "/etagere", Kind.PUPIL, Who.NOBODY, _at("/etagere?q=zzzzqx")),
    Page("filters", "/etagere/filtres", Kind.PUPIL, Who.NOBODY, _at("/etagere/filtres")),
    Page("quiz", "/exercice/<activity_id>", Kind.PUPIL, Who.PUPIL, _quiz),
    Page("quiz-kinds", "/exercice/<activity_id>", Kind.PUPIL, Who.PUPIL, _at("/exercice/un-peu-de-tout")),
    Page("quiz-kinds-more", "/exercice/<activity_id>", Kind.PUPIL, Who.PUPIL, _at("/exercice/un-peu-de-tout?partie=2"),
         same_title_as="quiz-kinds"),
    Page("quiz-photos", "/exercice/<activity_id>", Kind.PUPIL, Who.PUPIL,
         lambda box: f"/exercice/{quiz_photos.quiz(box)}"),
    Page("quiz-works", "/exercice/<activity_id>", Kind.PUPIL, Who.PUPIL, lambda box: f"/exercice/{media.quiz(box)}",
         more_js_kb=3.5),
    *(Page(f"read-{kind}", "/lire/<resource_id>", Kind.PUPIL, Who.PUPIL, reader(kind)) for kind in FORMATS),
    Page("speak", "/oral/<sequence_id>", Kind.PUPIL, Who.PUPIL, english.page),
    Page("speak-verdict", "/oral/<sequence_id>/<int:number>", Kind.PUPIL, Who.PUPIL, english.verdict),
    Page("speak-pairs", "/oral/<sequence_id>/<int:number>", Kind.PUPIL, Who.PUPIL,
         lambda box: english.page(box, "/0", english.SOUNDS)),
    Page("speak-song", "/oral/<sequence_id>/<int:number>", Kind.PUPIL, Who.PUPIL,
         lambda box: english.page(box, "/2", english.SONG)),
    Page("oral-progress", "/enseignant/oral/progres", Kind.DASHBOARD, Who.TEACHER, english.progress),
    Page("oral-pupil", "/enseignant/oral/progres/eleve/<pupil_id>", Kind.DASHBOARD, Who.TEACHER, english.pupil),
    Page("oral-attempts", "/enseignant/oral/progres/seance", Kind.DASHBOARD, Who.TEACHER,
         lambda box: english.progress(box, "/seance")),
    Page("captions", "/sous-titres", Kind.PUPIL, Who.PUPIL, _at("/sous-titres")),
    Page("captions-stranger", "/sous-titres", Kind.PUPIL, Who.NOBODY, _at("/sous-titres"), same_title_as="captions"),
    Page("captions-lead", "/enseignant/sous-titres", Kind.TEACHER, Who.TEACHER, _at("/enseignant/sous-titres")),
    Page("settings", "/reglages", Kind.PUPIL, Who.NOBODY, _at("/reglages")),
    Page("credits", "/credits", Kind.DASHBOARD, Who.NOBODY, _at("/credits")),
    Page("not-found", "", Kind.PUPIL, Who.NOBODY, _at("/lire/none"), status=404),
    Page("badge-refused", "/badge/<token>", Kind.PUPIL, Who.NOBODY, _at("/badge/none"), status=403,
         same_title_as="not-found"),
    Page("sign-in", "/enseignant", Kind.TEACHER, Who.NOBODY, _at("/enseignant")),
    Page("recovery", "/direction", Kind.TEACHER, Who.NOBODY, _at("/direction")),
    Page("account-new", "/enseignant/compte/nouveau", Kind.TEACHER, Who.TEACHER, _at("/enseignant/compte/nouveau")),
    Page("teacher-home", "/enseignant/accueil", Kind.TEACHER, Who.TEACHER, _at("/enseignant/accueil")),
    Page("lesson-open", "/enseignant/seance/ouvrir", Kind.TEACHER, Who.TEACHER, _at("/enseignant/seance/ouvrir")),
    Page("lesson-open-word", "/enseignant/seance/ouvrir", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/seance/ouvrir?q=lune"), same_title_as="lesson-open"),
    Page("lesson-board", "/enseignant/seance", Kind.DASHBOARD, Who.TEACHER, _at("/enseignant/seance")),
    Page("lesson-summary", "/enseignant/seance/bilan/<lesson_id>", Kind.DASHBOARD, Who.TEACHER, _summary),
    Page("library", "/enseignant/bibliotheque", Kind.DASHBOARD, Who.TEACHER, _at("/enseignant/bibliotheque")),
    Page("library-add", "/enseignant/bibliotheque/ajouter", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/bibliotheque/ajouter")),
    Page("library-card", "/enseignant/bibliotheque/<resource_id>", Kind.TEACHER, Who.TEACHER, _card),
    Page("library-card-english", "/enseignant/bibliotheque/<resource_id>", Kind.TEACHER, Who.TEACHER,
         lambda box: _card(box, "alice-in-wonderland.epub")),
    Page("library-search", "/enseignant/bibliotheque", Kind.DASHBOARD, Who.TEACHER,
         _at("/enseignant/bibliotheque?q=alice")),
    Page("remove", "/enseignant/bibliotheque/<resource_id>/retirer", Kind.TEACHER, Who.TEACHER,
         lambda box: _card(box, "alice-in-wonderland.epub") + "/retirer"),
    Page("classes", "/enseignant/classes", Kind.TEACHER, Who.TEACHER, _at("/enseignant/classes")),
    Page("class-new", "/enseignant/classes/nouvelle", Kind.TEACHER, Who.TEACHER, _at("/enseignant/classes/nouvelle")),
    Page("class", "/enseignant/classes/<group_id>", Kind.TEACHER, Who.TEACHER, _class),
    Page("paper", "/enseignant/classes/<group_id>/papier", Kind.TEACHER, Who.TEACHER,
         lambda box: f"{_class(box)}/papier"),
    Page("class-settings", "/enseignant/classes/<group_id>/reglages", Kind.TEACHER, Who.TEACHER,
         lambda box: f"{_class(box)}/reglages"),
    Page("class-pupil", "/enseignant/classes/<group_id>/eleves/<pupil_id>", Kind.TEACHER, Who.TEACHER,
         lambda box: f"{_class(box)}/eleves/{_one(box, 'SELECT id FROM pupil ORDER BY position LIMIT 1')}"),
    Page("class-list", "/enseignant/classes/<group_id>/liste", Kind.TEACHER, Who.TEACHER,
         lambda box: f"{_class(box)}/liste"),
    Page("class-unite", "/enseignant/classes/<group_id>/eleves/<pupil_id>/reunir", Kind.TEACHER, Who.TEACHER,
         lambda box: f"{_class(box)}/eleves/{_one(box, 'SELECT id FROM pupil ORDER BY position LIMIT 1')}/reunir"),
    Page("class-need", "/enseignant/classes/groupe", Kind.TEACHER, Who.TEACHER, _at("/enseignant/classes/groupe")),
    Page("class-members", "/enseignant/classes/<group_id>/membres", Kind.TEACHER, Who.TEACHER, _members),
    Page("traces", "/enseignant/traces", Kind.TEACHER, Who.TEACHER, _traces),
    Page("traces-one", "/enseignant/traces", Kind.TEACHER, Who.TEACHER,
         lambda box: f"{_traces(box)}?activite={quote(traces.GAME, safe='')}", same_title_as="traces"),
    Page("trace", "/enseignant/traces/<pupil_id>", Kind.TEACHER, Who.TEACHER,
         lambda box: f"/enseignant/traces/{traces.tell(box)[0]}"),
    Page("trace-nothing", "/enseignant/traces/<pupil_id>", Kind.TEACHER, Who.TEACHER,
         lambda box: f"/enseignant/traces/{traces.tell(box)[-1]}"),
    Page("works", "/enseignant/travaux/seance/<lesson_id>", Kind.TEACHER, Who.TEACHER,
         lambda box: f"/enseignant/travaux/seance/{media.works(box)}"),
    Page("works-pupil", "/enseignant/travaux/eleve/<pupil_id>", Kind.TEACHER, Who.TEACHER,
         lambda box: _pupil(box).replace("/qui/", "/enseignant/travaux/eleve/")),
    Page("quizzes", "/enseignant/exercices", Kind.TEACHER, Who.TEACHER, _at("/enseignant/exercices")),
    Page("quiz-edit", "/enseignant/exercices/<activity_id>", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/exercices/un-peu-de-tout")),
    Page("quiz-edit-match", "/enseignant/exercices/<activity_id>", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/exercices/un-peu-de-tout?question=cris"), same_title_as="quiz-edit"),
    Page("quiz-edit-text", "/enseignant/exercices/<activity_id>", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/exercices/un-peu-de-tout?nouvelle=text"), same_title_as="quiz-edit"),
    Page("quiz-edit-photos", "/enseignant/exercices/<activity_id>", Kind.TEACHER, Who.TEACHER,
         lambda box: f"{_photos(box)}?question={quiz_photos.question(box)}"),
    Page("quiz-media", "/enseignant/exercices/<activity_id>/medias", Kind.TEACHER, Who.TEACHER,
         lambda box: f"{_photos(box)}/medias?champ=0&question={quiz_photos.question(box)}"),
    Page("quiz-edit-photo", "/enseignant/exercices/<activity_id>", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/exercices/un-peu-de-tout?nouvelle=photo"), same_title_as="quiz-edit"),
    Page("quiz-try", "/enseignant/exercices/<activity_id>/essayer", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/exercices/un-peu-de-tout/essayer")),
    Page("oral", "/enseignant/oral", Kind.TEACHER, Who.TEACHER, _at("/enseignant/oral")),
    Page("oral-search", "/enseignant/oral", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/oral?niveau=cm1-cm2&theme=sounds&q=bateau")),
    Page("oral-sequence", "/enseignant/oral/<sequence_id>", Kind.DASHBOARD, Who.TEACHER,
         _at("/enseignant/oral/cm-shopping")),
    Page("oral-own", "/enseignant/oral/<sequence_id>", Kind.DASHBOARD, Who.TEACHER,
         lambda box: f"/enseignant/oral/{own_sequence.made(box)}"),
    Page("oral-new", "/enseignant/oral/nouvelle", Kind.TEACHER, Who.TEACHER, _at("/enseignant/oral/nouvelle")),
    Page("oral-import", "/enseignant/oral/importer", Kind.TEACHER, Who.TEACHER, _at("/enseignant/oral/importer")),
    Page("oral-edit", "/enseignant/oral/<sequence_id>/modifier", Kind.TEACHER, Who.TEACHER, own_sequence.editor("")),
    Page("oral-edit-word", "/enseignant/oral/<sequence_id>/modifier", Kind.TEACHER, Who.TEACHER,
         own_sequence.editor("?mot=sheep"), same_title_as="oral-edit"),
    Page("oral-edit-pairs", "/enseignant/oral/<sequence_id>/modifier", Kind.TEACHER, Who.TEACHER,
         own_sequence.editor("?genre=minimal-pairs"), same_title_as="oral-edit"),
    Page("oral-edit-activity", "/enseignant/oral/<sequence_id>/modifier", Kind.TEACHER, Who.TEACHER,
         own_sequence.editor("?activite=0"), same_title_as="oral-edit"),
    Page("oral-edit-sheet", "/enseignant/oral/<sequence_id>/modifier", Kind.TEACHER, Who.TEACHER,
         own_sequence.editor("?fiche="), same_title_as="oral-edit"),
    Page("oral-lead", "/enseignant/oral/<sequence_id>/conduire", Kind.TEACHER, Who.TEACHER,
         _at("/enseignant/oral/cp-simon/conduire?activite=3")),
    Page("pupil-files", "/enseignant/eleves", Kind.TEACHER, Who.TEACHER, _at("/enseignant/eleves")),
    Page("pupil-file", "/enseignant/eleves/<pupil_id>", Kind.TEACHER, Who.TEACHER,
         lambda box: _pupil(box).replace("/qui/", "/enseignant/eleves/")),
    Page("health", "/sante", Kind.DASHBOARD, Who.NOBODY, _at("/sante")),
)  # fmt: skip

REDIRECTS = {"/": "/qui"}
"""Rule that only ever sends on -> where it sends a tablet that nobody holds."""

API = (
    "/api/openapi.json",
    "/api/lesson/now",
    "/api/search",
    "/api/suggestions",
    "/api/health",
    "/api/presence-code",
    "/api/who",
    "/api/library",
    "/api/library/jobs",
    "/api/library/jobs/<job_id>",
    "/api/library/verify",
    "/api/oral/sequences/<sequence_id>",
    "/api/records",
    "/api/records/keys",
    "/api/records/rebuild",
    "/api/records/erasures",
    "/api/records/quarantine",
    "/api/records/quarantine/<int:number>",
)
"""Rules that answer JSON."""

WORKS = ("/enseignant/travaux/<item_id>",)
"""Rules that answer a photo or a voice: ``tests/hub/test_media`` looks at them."""

ZIPS = ("/enseignant/eleves/<pupil_id>/export.zip", "/enseignant/oral/<sequence_id>/fichier.oral")
"""Rules that answer a file to keep: ``tests/hub/test_pupil_file.py`` and ``test_oral_sharing.py`` read them."""

LINES = ("/api/records/export",)
"""Rules that answer JSON lines: ``tests/records`` reads them."""

FRAGMENTS = (
    "/enseignant/seance/tableau",
    "/enseignant/bibliotheque/imports",
    "/enseignant/traces/liste",
    "/enseignant/oral/<sequence_id>/conduire/etat",
)
"""Rules that answer a piece of a page, for htmx: ``test_teacher`` and ``test_led_english`` walk through them."""

PICTURES = ("/couvertures.jpg", "/medias/planche.jpg", "/enseignant/oral/images.svg")
"""Rules that answer a picture: part of the pages that show it."""

STAFF = (
    "/enseignant/compte",
    "/enseignant/compte/<staff_id>/fermer",
    "/enseignant/appareil",
    "/enseignant/journal",
    "/direction/accueil",
    "/technique",
)
"""Pages of accounts, which would make the shared box somebody's: ``test_staff`` walks a box of its own through them."""
SHEETS = ("/enseignant/classes/<group_id>/papier/<what>.pdf", "/enseignant/oral/<sequence_id>/papier/<what>.pdf")
"""Rules that answer a PDF: ``tests/hub/test_paper_pages`` and ``test_oral_pages`` read them."""

SOUNDS = ("/api/voice/<language>/<digest>", "/api/oral/voice", "/api/oral/sequences/<sequence_id>/clips/<slug>")
"""Rules that answer a sound: ``test_loudspeakers`` listens to those of every pupil page, ``tests/hub/test_oral_lead``
to those of the box's own services."""

OFFLINE = ("/hors-ligne.js", "/hors-ligne.json")
"""The service worker and what it keeps: ``test_offline_lesson``."""

READERS = ("epub.html", "pdf.html")
"""``static/readers``: shown in a frame of ``/lire/…``."""

BY_NAME = {page.name: page for page in PAGES}
