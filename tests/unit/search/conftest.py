"""The sample corpus, analysed once."""

from __future__ import annotations

import numpy as np
import pytest

from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import Corpus
from luna_rules.search.query import QueryParser

from .sample import CHUNKS, ITEMS, SECTIONS, TABLES, Engine


@pytest.fixture(scope="session")
def engine() -> Engine:
    lexicon = Lexicon.learn(CHUNKS)
    block = Analyser(lexicon).analyse(CHUNKS)
    corpus = Corpus(np.array(ITEMS, np.uint32), np.array(SECTIONS, np.uint32), block.lengths)
    return Engine(lexicon, block, corpus, QueryParser(lexicon, TABLES))
