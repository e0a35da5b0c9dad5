"""Stage mode: the preset in big letters, next and previous, for the dark."""
