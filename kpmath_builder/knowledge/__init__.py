"""From seed problems to knowledge: extraction, topic clustering, the co-occurrence matrix (paper section 2.1)."""
