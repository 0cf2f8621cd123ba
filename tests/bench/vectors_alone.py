"""What vectors find by themselves on the laws, good ones and bad ones: the figures behind the gold check's rule.

Run it as `python tests/bench/vectors_alone.py [--laws FOLDER]`; in memory, without a database, half a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from luna_assets.documents.gold import (  # noqa: E402
    PASSAGES,
    TOP,
    GoldQuestion,
    laws_in,
    likely_by_luck,
    load_gold,
)
from luna_rules.evaluation.by_vectors import judge  # noqa: E402
from luna_rules.evaluation.questions import law_key  # noqa: E402
from luna_rules.search.analyser import Analyser  # noqa: E402
from luna_rules.search.lexicon import Lexicon  # noqa: E402
from luna_rules.search.model import ChunkFields  # noqa: E402
from luna_rules.search.query import QueryParser  # noqa: E402
from resources.search_tables import load_search_tables  # noqa: E402
from resources.vectors.index import IndexedItem  # noqa: E402
from resources.vectors.nearest import nearest  # noqa: E402
from resources.vectors.space import passage_text  # noqa: E402
from tests.bench.retrieval_quality import LAWS, read_laws  # noqa: E402
from tests.fake_embedding import bag_of_words, constant, inverted, nonsense  # noqa: E402

F32 = NDArray[np.float32]
Embedding = Callable[[list[str]], list[list[float]]]
MODELS: dict[str, Embedding] = {
    "bag of words, 2048 places": bag_of_words(2048),
    "bag of words, 256 places": bag_of_words(256),
    "bag of words, upside down": inverted(256),
    "the same for every text": constant(64),
    "a number drawn by the text": nonsense(64),
}


def hits(chunks: Sequence[ChunkFields], gold: Sequence[GoldQuestion], passages: F32, questions: F32) -> int:
    """How many questions find an answer among the first five sections."""
    found = nearest(passages.astype(np.float16), questions, np.ones(len(passages), np.bool_), PASSAGES)
    count = 0
    for question, numbers in zip(gold, found, strict=True):
        places = [(chunks[number].law_names, chunks[number].section) for number in numbers.tolist()]
        first = list(dict.fromkeys(place for place in places if place[1]))[:TOP]
        count += bool({(law_key(name), section) for names, section in first for name in names} & question.targets)
    return count


def embedded(model: Embedding, texts: list[str]) -> F32:
    """Unit vectors, as a models' server's client makes them."""
    vectors = np.array(model(texts), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    """Prints a line for each kind of vectors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--laws", type=Path, default=LAWS)
    _, chunks = read_laws(parser.parse_args().laws)
    items = [IndexedItem(uuid4(), [(uuid4(), one, None)]) for one in chunks]
    laws = laws_in(items)
    gold = [question for question in load_gold() if question.fits(laws)]
    asked = [question.question for question in gold]
    likely = likely_by_luck(items, gold)
    lexicon = Lexicon.learn(iter(chunks))
    analyser, query = Analyser(lexicon), QueryParser(lexicon, load_search_tables())
    own = analyser.embed(analyser.analyse(chunks))
    own_asked = np.stack([query.parse(question).vector(lexicon) for question in asked])
    random = np.random.default_rng(7)
    drawn = [random.standard_normal((count, 64)).astype(np.float32) for count in (len(chunks), len(asked))]
    texts = [passage_text(one) for one in chunks]
    print(f"{len(chunks)} passages, {len(gold)} questions, luck finds {sum(likely):.2f}")
    live = hits(chunks, gold, own, own_asked)
    found = {"the index's own": live, "the index's own, upside down": hits(chunks, gold, own, -own_asked)}
    found["random"] = hits(chunks, gold, drawn[0], drawn[1])
    for name, model in MODELS.items():
        found[name] = hits(chunks, gold, embedded(model, texts), embedded(model, asked))
    for name, count in found.items():
        print(f"{name:<30} {count:>4}  {'holds' if judge(count, live, likely).holds else 'refused'}")


if __name__ == "__main__":
    main()
