"""Hosts that boot, on one machine: what infra/ is tried on."""


class LabError(Exception):
    """Something that the lab needs did not come about."""


class Broken(LabError):
    """A claim that does not hold."""
