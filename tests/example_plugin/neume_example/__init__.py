"""An effect and an instrument for Neume, as an example of how to write one."""
