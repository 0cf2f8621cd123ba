"""Finding passages: analysis of German text, the learnt lexicon, the parsed question and the ranker.

The same analysis serves written and asked text. Storage of its results is in `resources.vectors`.
"""
