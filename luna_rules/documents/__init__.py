"""From extracted text to chunks: structure, sentences, paragraphs, tables.

Extraction itself is in `resources.extractor`.
"""
