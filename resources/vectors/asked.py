"""A question as the lexicons of the scopes that are searched understand it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.lexicon import Lexicon
from luna_rules.search.query import Query, QueryParser
from luna_rules.search.tables import SearchTables
from resources.vectors.postgres_view import View
from resources.vectors.space import leveled

_WARM_QUESTION = "Wie lange gilt der Stromlieferungsvertrag?"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the lexicons of some scopes understand it, with its vector in each of their spaces by key.

    `without`: versions whose space it has no vector in, because their model was not to be had.
    """

    query: Query | None
    vectors: Mapping[str, NDArray[np.float32]]
    without: tuple[int, ...] = ()

    @property
    def nbytes(self) -> int:
        """Memory, roughly: objects of Python for the most part."""
        terms = len(self.query.terms) if self.query is not None else 0
        return 2_000 + 500 * terms + sum(vector.nbytes for vector in self.vectors.values())


@dataclass(frozen=True, slots=True)
class Speech:
    """A lexicon with the parser that belongs to it."""

    lexicon: Lexicon
    parser: QueryParser

    @property
    def nbytes(self) -> int:
        """Memory, roughly: matrix and words."""
        lexicon = self.lexicon
        return lexicon.matrix.nbytes + 600 * len(lexicon.terms) + 300 * len(lexicon.parts)

    @staticmethod
    def of(lexicon: Lexicon, tables: SearchTables) -> Speech:
        """A lexicon with its parser, which builds all that it would otherwise build at the first question."""
        parser = QueryParser(lexicon, tables)
        parser.parse(_WARM_QUESTION).vector(lexicon)
        return Speech(lexicon, parser)


def leveled_by_space(
    view: View, asked: Asked, numbers: NDArray[np.int64], cosines: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The cosines of passages (ascending numbers), comparable where a model made those of one scope only."""
    keys = {state.space_key for state in view.scopes if state.space_key in asked.vectors}
    if len(keys) < 2 or all(state.space is None for state in view.scopes):
        return cosines
    scope_of = view.item_scope[view.corpus.item[numbers]]
    owned = [[n for n, state in enumerate(view.scopes) if state.space_key == key] for key in sorted(keys)]
    return leveled(cosines, [np.isin(scope_of, mine) for mine in owned])
