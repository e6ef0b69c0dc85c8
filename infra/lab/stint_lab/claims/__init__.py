"""What infra/ promises, tried on hosts that boot: one file per set of hosts."""
