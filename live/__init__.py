"""The live stream: listening to folds, fanning out, and the ASGI host."""
