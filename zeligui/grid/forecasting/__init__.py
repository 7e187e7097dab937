"""What an attribute will be, from what it has been: many predictors, and the choice among them by their errors."""
