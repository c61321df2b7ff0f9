"""The build folder: what lies where, the response log, the shards of candidates, and the build spec."""
