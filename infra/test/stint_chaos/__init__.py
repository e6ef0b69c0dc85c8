"""Kills what Stint consists of while pings come in, and counts afterwards. Python's standard library only."""
