# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Class lists of invented pupils, in the layouts that schools' programs write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

SECRETS = ("Zyxwvut", "Qrstabc", "123456789AB", "2017-04-03", "03/04/2017", "rue des Lilas")
"""What no row, error or log may hold: surnames, INE, birth dates, addresses."""

ONDE_TITLES = (
    "Nom élève;Nom d'usage élève;Prénom élève;Date naissance;Sexe;INE;Adresse1;Cp1;Commune1;Pays1;Adresse2;Cp2;"
    "Commune2;Pays2; Cycle;Niveau;Libellé classe;Identifiant classe;Attestation fournie;"
    "Autorisation associations;Autorisation photo;Décision de passage"
)
ONDE2_TITLES = "Nom de famille;Prénom usuel;Né(e) le;INE;Libellé de la classe;Niveau;Cycle;Élève scolarisé"


def onde(date: str = "03/04/2017", ine: str = "123456789AB") -> str:
    """Three pupils of two classes; two of them share a first name."""
    pupils = (
        ("ZYXWVUT", "", "LÉA", "CE1", "CE1-CE2 Mme Petit"),
        ("QRSTABC", "Zyxwvut", "Léa", "CE2", "CE1-CE2 Mme Petit"),
        ("ZYXWVUT", "", "JEAN-NOËL", "COURS PREPARATOIRE", "CP"),
    )
    lines = [
        f"{surname};{used};{first};{date};F;{ine};1 rue des Lilas;29000;QUIMPER;FR;;;;;CYCLE II;{level};{group};5;O;;O;"
        for surname, used, first, level, group in pupils
    ]
    return "\r\n".join([ONDE_TITLES, *lines, ""])


ONDE_ROWS = [
    ("Léa Z.", "CE1-CE2 Mme Petit", "ce1"),
    ("Léa Q.", "CE1-CE2 Mme Petit", "ce2"),
    ("Jean-Noël", "CP", "cp"),
]

ONDE2 = f"{ONDE2_TITLES}\nZyxwvut;Inès;2017-04-03;123456789AB;CM1 - CM2;CM2;CYCLE III;Oui\n"

SIECLE = """<?xml version="1.0" encoding="ISO-8859-15"?>
<BEE_ELEVES VERSION="2.1"><PARAMETRES><UAJ>0290000X</UAJ></PARAMETRES><DONNEES><ELEVES>
<ELEVE ELEVE_ID="11" ELENOET="1"><ID_NATIONAL>123456789AB</ID_NATIONAL><NOM_DE_FAMILLE>ZYXWVUT</NOM_DE_FAMILLE>
<PRENOM>Zoé</PRENOM><PRENOM2>Qrstabc</PRENOM2><DATE_NAISS>03/04/2017</DATE_NAISS></ELEVE>
<ELEVE ELEVE_ID="12" ELENOET="2"><NOM_DE_FAMILLE>QRSTABC</NOM_DE_FAMILLE><PRENOM>Amadou</PRENOM></ELEVE>
<ELEVE ELEVE_ID="13" ELENOET="3"><NOM_DE_FAMILLE>QRSTABC</NOM_DE_FAMILLE><PRENOM>Parti</PRENOM></ELEVE>
</ELEVES><STRUCTURES>
<STRUCTURES_ELEVE ELEVE_ID="11">
<STRUCTURE><CODE_STRUCTURE>6A</CODE_STRUCTURE><TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE>
<STRUCTURE><CODE_STRUCTURE>6LATIN</CODE_STRUCTURE><TYPE_STRUCTURE>G</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE>
<STRUCTURES_ELEVE ELEVE_ID="12"><STRUCTURE><CODE_STRUCTURE>3EME B</CODE_STRUCTURE><TYPE_STRUCTURE>D</TYPE_STRUCTURE>
</STRUCTURE></STRUCTURES_ELEVE></STRUCTURES></DONNEES></BEE_ELEVES>
""".encode("iso-8859-15")
SIECLE_ROWS = [("Zoé", "6A", "6e"), ("Amadou", "3EME B", "3e"), ("Parti", "", "")]

_CLASSES = (
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId\n"
    "c1,,,CM1 Rivière,04,k,,homeroom,,s\nc2,,,Piscine,,k,,scheduled,,s\n"
)
_ENROLLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
    "e1,,,c1,s,u1,student,,,\ne2,,,c2,s,u1,student,,,\ne3,,,c1,s,u2,teacher,,,\ne4,tobedeleted,,c1,s,u3,student,,,\n"
)
ONEROSTER_11 = {
    "manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,bulk\n",
    "users.csv": (
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,grades\n"
        'u1,,,true,s,student,qrstabc,,Yanis,Zyxwvut,04\nu2,,,true,s,teacher,m,,"Maître",Qrstabc,\n'
        "u3,,,true,s,student,x,,Naïma,Zyxwvut,05\nu4,tobedeleted,,true,s,student,y,,Ancien,Zyxwvut,05\n"
    ),
    "classes.csv": _CLASSES,
    "enrollments.csv": _ENROLLMENTS,
}
ONEROSTER_12 = {
    "manifest.csv": "propertyName,value\noneroster.version,1.2\nfile.users,bulk\n",
    "users.csv": (
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,grades,preferredGivenName\n"
        "u1,,,true,qrstabc,,Yanis Ali,Zyxwvut,04,Yanis\nu2,,,true,m,,Maître,Qrstabc,,\nu3,,,true,x,,Naïma,Zyxwvut,05,\n"
    ),
    "roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n"
    "r1,,,u1,primary,student,,,s\nr2,,,u2,primary,teacher,,,s\nr3,,,u3,primary,student,,,s\n",
    "classes.csv": _CLASSES,
    "enrollments.csv": _ENROLLMENTS,
}
ONEROSTER_ROWS = [("Yanis", "CM1 Rivière", "cm1"), ("Naïma", "", "cm2")]


def zipped(members: Mapping[str, str | bytes], folder: str = "") -> bytes:
    """A ZIP of these."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(folder + name, content)
    return out.getvalue()
