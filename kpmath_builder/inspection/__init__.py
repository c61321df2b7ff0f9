"""Looking at a build without changing it: its state, the way of one row, and whether everything in it follows from its log."""
