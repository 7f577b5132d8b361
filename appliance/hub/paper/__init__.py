# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Printed sheets: pure functions, data in, the bytes of a PDF (A4) out. Nothing here reads or writes the box.

They are loaded by the first sheet that somebody asks for: fpdf2 and its fonts weigh on a hub that prints nothing. The
PDFs are meant for paper: they carry no structure for screen readers (PDF/UA); what they say stands on the pages too.
"""
