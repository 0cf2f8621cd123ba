"""Questions about meters and prices: from German (and simple English) words to a plan, from figures to sentences."""
