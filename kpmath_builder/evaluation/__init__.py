"""PASS@1, pass@k and maj@k of a model on test sets, and the comparison of two models."""
