"""How well questions are answered: reading gold questions, measures, and how sure they are."""
