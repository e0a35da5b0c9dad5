"""The control link: commands into the engine process and snapshots out, for panel, tests and scripts."""
