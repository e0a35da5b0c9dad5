"""`python -m neume.synth` is the `neume` command, for whoever starts it without knowing where scripts lie."""

from .cli import main

main()
