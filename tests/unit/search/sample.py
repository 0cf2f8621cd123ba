"""A small corpus of two made-up laws and a plain document, analysed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields, Corpus, Postings, Ranked, TermBlock
from luna_rules.search.query import QueryParser
from luna_rules.search.ranker import lexical_candidates, rank
from luna_rules.search.tables import SearchTables

ENERGY = ("EnWG", "Energiewirtschaftsgesetz", "Gesetz über die Elektrizitäts- und Gasversorgung")
SOLAR = ("EEG 2023", "Erneuerbare-Energien-Gesetz")
HEAT = ("GModG", "Gebäudemodernisierungsgesetz")


def law(names: tuple[str, ...], section: str, heading: str, *paragraphs: str) -> list[ChunkFields]:
    return [
        ChunkFields(names[-1], f"{section} – {heading}", f"({i}) {text}", section, str(i), names)
        for i, text in enumerate(paragraphs, 1)
    ]


CHUNKS = [
    *law(
        ENERGY,
        "§ 38",
        "Ersatzversorgung mit Energie",
        "Die Energie gilt als von dem Grundversorger geliefert.",
        "Die Ersatzversorgung endet spätestens drei Monate nach Beginn.",
    ),
    *law(
        ENERGY,
        "§ 41",
        "Energielieferverträge",
        "Verträge enthalten Angaben zur Vertragsdauer und zur Kündigung.",
        "Vor einer Preisänderung ist zu unterrichten.",
    ),
    *law(ENERGY, "§ 41a", "Dynamische Tarife", "Lieferanten haben Stromtarife anzubieten.", "Das gilt für alle."),
    *law(
        SOLAR,
        "§ 8",
        "Anschluss",
        "Netzbetreiber schließen Anlagen an.",
        "Steckersolargeräte mit bis zu 2 Kilowatt werden vereinfacht angeschlossen.",
    ),
    *law(SOLAR, "§ 38", "Zahlungsberechtigung", "Die Bundesnetzagentur stellt Zahlungsberechtigungen aus."),
    *law(HEAT, "§ 80", "Energieausweis", "Der Verkäufer legt den Energieausweis vor."),
    ChunkFields(
        "Hausordnung", "Waschküche", "Die Waschküche ist um 22 Uhr abzuschließen. Der Schlüssel hängt im Flur."
    ),
    ChunkFields(
        "Hausordnung", "Fahrräder", "Fahrräder stehen im Keller, nicht im Flur; § 38 EnWG hat damit nichts zu tun."
    ),
]
ITEMS = [0] * 6 + [1] * 3 + [2] + [3] * 2
SECTIONS = [0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7]
TABLES = SearchTables.parse(
    synonyms="Balkonkraftwerk\tSteckersolargerät\nStromanbieter|Anbieter\tLieferant\n",
    english="balcony power plant\tSteckersolargerät\nconnect\tanschließen|Anschluss\n",
    answer_types="wie lange\tMonat|spätestens\n",
    law_names="GEG|Heizungsgesetz\tGModG\n",
    ignored="eigentlich bitte steht regelt lange",
    english_ignored="how do i a the can my what is to",
)


@dataclass
class Engine:
    """The engine's steps over arrays in memory."""

    lexicon: Lexicon
    block: TermBlock
    corpus: Corpus
    parser: QueryParser

    def postings(self, terms: tuple[str, ...]) -> Postings:
        block = self.block
        rows = {term: i for i, term in enumerate(block.terms)}
        return {
            term: (
                block.numbers[slice(*block.offsets[rows[term] : rows[term] + 2])],
                block.frequencies[slice(*block.offsets[rows[term] : rows[term] + 2])],
            )
            for term in terms
            if term in rows
        }

    def search(self, question: str, allowed: np.ndarray | None = None, **options: int) -> list[Ranked]:
        query = self.parser.parse(question)
        postings = self.postings(query.terms)
        found = lexical_candidates(query, self.corpus, postings, allowed)
        return rank(query, self.corpus, postings, found, **options)
