"""The features by kind of record, and the expressions and calendars that they share."""
