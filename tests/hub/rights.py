# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who may use each rule of the hub. ``test_roles`` walks the application with every role, and fails for a rule that is
missing here, or that lets in or keeps out anybody else.

N nobody · P pupil · C who read the box's code while it has no teacher · S substitute · T teacher of the class ·
O teacher of another class · K technician · D director · B a process of the box
"""

from __future__ import annotations

ANYBODY = "NPCSTOKDB"
STAFF = "CSTOKDB"
TEACHERS = "CTOB"
KEEPERS = "CTOKB"
OWN = "CTDB"
"""``C``: only where no teacher's keys are on the class."""
OWNERS = "CTB"
LEADERS = "CSTB"
"""Of the running lesson, or of the lesson named."""
BOX = "B"

RIGHTS: dict[str, str] = {
    # pupils, and what anybody reads
    "GET /": ANYBODY,
    "POST /api/answers": ANYBODY,
    "GET /api/health": ANYBODY,
    "GET /api/openapi.json": ANYBODY,
    "GET /api/search": ANYBODY,
    "GET /api/suggestions": ANYBODY,
    "POST /au-revoir": ANYBODY,
    "GET /api/voice/<language>/<digest>": ANYBODY,
    "GET /couvertures.jpg": ANYBODY,
    "GET /medias/planche.jpg": ANYBODY,
    "GET /credits": ANYBODY,
    "GET /etagere": ANYBODY,
    "GET /etagere/filtres": ANYBODY,
    "GET /exercice/<activity_id>": ANYBODY,
    "POST /exercice/<activity_id>": ANYBODY,
    "GET /lire/<resource_id>": ANYBODY,
    "GET /qui": ANYBODY,
    "GET /badge/<token>": ANYBODY,
    "GET /qui/ensemble": ANYBODY,
    "POST /qui/ensemble": ANYBODY,
    "GET /qui/<pupil_id>": ANYBODY,
    "POST /qui/<pupil_id>": ANYBODY,
    "GET /reglages": ANYBODY,
    "POST /reglages": ANYBODY,
    "GET /sante": ANYBODY,
    # signing in and out
    "GET /enseignant": ANYBODY,
    "POST /enseignant": ANYBODY,
    "POST /enseignant/quitter": ANYBODY,
    "GET /direction": ANYBODY,
    "POST /direction": ANYBODY,
    "GET /enseignant/accueil": STAFF,
    # accounts
    "GET /enseignant/compte/nouveau": "CSB",
    "POST /enseignant/compte/nouveau": "CSB",
    "GET /enseignant/compte": "TOB",
    "POST /enseignant/compte": "TOB",
    "POST /enseignant/comptes/vus": "TOB",
    "POST /enseignant/compte/<staff_id>/fermer": "TODB",
    "GET /enseignant/appareil": "TOKB",
    "POST /enseignant/appareil": "TOKB",
    "POST /enseignant/appareil/<device_id>/oublier": "TOKB",
    "POST /enseignant/cle": "TODB",
    "POST /enseignant/cle/confier": "TOB",
    "POST /enseignant/cle/feuille.pdf": "TODB",
    "POST /enseignant/cle/imprimee": "TODB",
    "GET /enseignant/journal": "TODB",
    "GET /direction/accueil": "DB",
    "POST /direction/compte/<staff_id>/phrase": "DB",
    "GET /technique": "KB",
    # quizzes
    "GET /hors-ligne.js": ANYBODY,
    "GET /hors-ligne.json": ANYBODY,
    "GET /enseignant/exercices": TEACHERS,
    "POST /enseignant/exercices": TEACHERS,
    "GET /enseignant/exercices/<activity_id>": TEACHERS,
    "POST /enseignant/exercices/<activity_id>": TEACHERS,
    "GET /enseignant/exercices/<activity_id>/medias": TEACHERS,
    "POST /enseignant/exercices/<activity_id>/medias": TEACHERS,
    "POST /enseignant/exercices/<activity_id>/copier": TEACHERS,
    "POST /enseignant/exercices/<activity_id>/retirer": TEACHERS,
    "GET /enseignant/exercices/<activity_id>/essayer": TEACHERS,
    "POST /enseignant/exercices/<activity_id>/essayer": TEACHERS,
    # what pupils did
    "GET /enseignant/traces": TEACHERS,
    "GET /enseignant/traces/liste": TEACHERS,
    "GET /enseignant/traces/<pupil_id>": "CTB",
    "GET /enseignant/eleves": "CTODB",
    "GET /enseignant/eleves/<pupil_id>": OWN,
    "POST /enseignant/eleves/<pupil_id>/effacer": OWN,
    "GET /enseignant/eleves/<pupil_id>/export.zip": OWN,
    # the lesson
    "GET /api/lesson/now": ANYBODY,
    "POST /main-levee": ANYBODY,
    "GET /enseignant/seance": LEADERS,
    "GET /enseignant/seance/tableau": LEADERS,
    "POST /enseignant/seance/cloche": LEADERS,
    "POST /enseignant/seance/correction": LEADERS,
    "POST /enseignant/seance/main": LEADERS,
    "POST /enseignant/seance/minuteur": LEADERS,
    "POST /enseignant/seance/regardez": LEADERS,
    "GET /enseignant/seance/bilan/<lesson_id>": LEADERS,
    "POST /enseignant/seance/rouvrir/<lesson_id>": LEADERS,
    "GET /enseignant/seance/ouvrir": "CSTOB",
    "POST /enseignant/seance/ouvrir": "CSTOB",
    # classes
    "GET /enseignant/classes": TEACHERS,
    "POST /enseignant/classes/animaux": TEACHERS,
    "GET /enseignant/classes/nouvelle": TEACHERS,
    "POST /enseignant/classes/apercu": TEACHERS,
    "POST /enseignant/classes/colonnes": TEACHERS,
    "POST /enseignant/classes/creer": TEACHERS,
    "GET /enseignant/classes/groupe": TEACHERS,
    "POST /enseignant/classes/groupe": TEACHERS,
    "GET /enseignant/classes/<group_id>": OWNERS,
    "POST /enseignant/classes/<group_id>/eleves": OWNERS,
    "GET /enseignant/classes/<group_id>/liste": OWNERS,
    "POST /enseignant/classes/<group_id>/liste": OWNERS,
    "POST /enseignant/classes/<group_id>/liste/apercu": OWNERS,
    "POST /enseignant/classes/<group_id>/liste/colonnes": OWNERS,
    "GET /enseignant/classes/<group_id>/eleves/<pupil_id>/reunir": OWNERS,
    "POST /enseignant/classes/<group_id>/eleves/<pupil_id>/reunir": OWNERS,
    "GET /enseignant/classes/<group_id>/eleves/<pupil_id>": OWNERS,
    "POST /enseignant/classes/<group_id>/eleves/<pupil_id>": OWNERS,
    "POST /enseignant/classes/<group_id>/eleves/<pupil_id>/deplacer": OWNERS,
    "POST /enseignant/classes/<group_id>/eleves/<pupil_id>/retirer": OWNERS,
    "POST /enseignant/classes/<group_id>/eleves/<pupil_id>/badge": OWNERS,
    "GET /enseignant/classes/<group_id>/reglages": OWNERS,
    "POST /enseignant/classes/<group_id>/reglages": OWNERS,
    "POST /enseignant/classes/<group_id>/archiver": OWNERS,
    "GET /enseignant/classes/<group_id>/papier": OWNERS,
    "GET /enseignant/classes/<group_id>/papier/<what>.pdf": OWNERS,
    "GET /enseignant/classes/<group_id>/membres": OWNERS,
    "POST /enseignant/classes/<group_id>/membres": OWNERS,
    # the library
    "GET /enseignant/bibliotheque": KEEPERS,
    "GET /enseignant/bibliotheque/<resource_id>": KEEPERS,
    "POST /enseignant/bibliotheque/<resource_id>": KEEPERS,
    "GET /enseignant/bibliotheque/<resource_id>/retirer": KEEPERS,
    "POST /enseignant/bibliotheque/<resource_id>/retirer": KEEPERS,
    "GET /enseignant/bibliotheque/ajouter": KEEPERS,
    "POST /enseignant/bibliotheque/ajouter": KEEPERS,
    "GET /enseignant/bibliotheque/imports": KEEPERS,
    "POST /enseignant/bibliotheque/lien": KEEPERS,
    "GET /api/library/jobs": KEEPERS,
    "GET /api/library/jobs/<job_id>": KEEPERS,
    # processes of the box
    "GET /api/presence-code": BOX,
    "GET /api/library": BOX,
    "POST /api/library": BOX,
    "DELETE /api/library/<resource_id>": BOX,
    "POST /api/library/<resource_id>/export": BOX,
    "GET /api/library/verify": BOX,
    "POST /api/library/verify": BOX,
    "GET /api/records": BOX,
    "GET /api/records/erasures": BOX,
    "POST /api/records/erasures": BOX,
    "POST /api/records/erasures/preview": BOX,
    "GET /api/records/export": BOX,
    "POST /api/records/import": BOX,
    "GET /api/records/keys": BOX,
    "POST /api/records/keys": BOX,
    "POST /api/records/keys/revoke": BOX,
    "GET /api/records/quarantine": BOX,
    "GET /api/records/quarantine/<int:number>": BOX,
    "DELETE /api/records/quarantine/<int:number>": BOX,
    "GET /api/records/rebuild": BOX,
    "POST /api/records/rebuild": BOX,
}
