"""The one path to a score: what must hold, what the model says, the document, replay."""
