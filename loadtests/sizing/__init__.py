"""How many cores a site needs for its photos, calculated from what was measured and is kept beside the code."""
