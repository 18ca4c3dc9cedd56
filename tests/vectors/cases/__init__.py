"""What the vector files hold, kind by kind: each module draws its cases and asks the oracle."""
