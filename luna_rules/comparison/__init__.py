"""What changed in a provision between two days: question read, wording compared, answer stated and cited."""
