"""From a blueprint to a candidate: drawing, writing, judging, solving (paper sections 2.2 and 2.3)."""
