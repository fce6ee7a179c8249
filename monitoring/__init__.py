"""Metrics declared once, and what watches them."""
