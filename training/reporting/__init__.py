"""What a person reads and looks at: pictures, reports, cards."""
