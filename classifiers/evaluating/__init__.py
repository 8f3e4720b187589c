"""How good a classifier is: measures, reports, and tests on people that it never saw."""
