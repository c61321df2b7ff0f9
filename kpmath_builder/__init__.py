"""Build a key-point-driven math dataset (KPMath, arXiv 2403.02333) with an open model of your own."""
