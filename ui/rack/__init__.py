"""The rack: its parts as strips, their inserts, and the presets."""
