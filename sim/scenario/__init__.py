"""What a planner writes, made into validated values."""
