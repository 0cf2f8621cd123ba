"""From ranked passages to a cited answer: sentence choice, support, framing and the citation check."""
