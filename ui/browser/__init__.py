"""The instrument browser: bundles, families, programs, favourites, audition."""
