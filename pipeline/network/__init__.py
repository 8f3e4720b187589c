"""The paper's landmark network in Keras: built, trained on one's own pictures, exported for the tracker."""
