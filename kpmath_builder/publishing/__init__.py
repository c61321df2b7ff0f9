"""What leaves the build: the three tables, their card, exports."""
