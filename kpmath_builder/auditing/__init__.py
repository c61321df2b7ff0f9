"""The risks of a build: bias, wrong answers and poison, found from its folder without asking a model."""
