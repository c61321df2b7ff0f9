"""Questions whose answers or faults are known: which blueprints get one beside them, where they come from, and their grading."""
