"""Effects: inserts of parts and of the master, built in and from installed packages."""
