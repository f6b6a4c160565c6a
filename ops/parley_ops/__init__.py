"""Operation: the engines, their supervision, and the commands of `./parley`."""
