"""The rack: up to sixteen parts, what each listens to, and the presets that keep them."""
