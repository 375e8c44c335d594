"""Kinds of record: their forms, their plain form, what rests on what, listing."""
