"""Training: data, the two models, their export to bundles. Never needed to play."""
