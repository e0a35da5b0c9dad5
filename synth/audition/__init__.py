"""Auditions: a short phrase of an instrument, heard beside what is played, without a trace in it."""
