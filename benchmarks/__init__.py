"""Every performance figure that we claim, as a command, with a control measured in the same run."""
