"""How good a model is on networks that it has not seen, and how wide its interval has to be."""
