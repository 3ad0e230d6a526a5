"""Ways of running trials, one file each; all of them go through `evaluate`."""
