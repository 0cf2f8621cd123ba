"""The corpus as a reader sees it: lists, texts, passages, files, versions."""
