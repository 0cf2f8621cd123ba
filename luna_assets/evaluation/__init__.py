"""How well the live index answers the gold questions: the asset `documents/evaluation` and what runs it."""
