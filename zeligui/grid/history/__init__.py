"""The history of measurements: every value for a day, minute means for a month, hour means for a year, in SQLite."""
