"""The audio process: a device that takes from a ring in shared memory, in an interpreter of its own."""
