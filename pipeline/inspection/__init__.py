"""What a store holds and how its run gets on, and one sequence as a page to look at."""
