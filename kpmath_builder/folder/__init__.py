"""The build folder: what lies where, written whole or not at all, one process at a time; and what it is built towards."""
