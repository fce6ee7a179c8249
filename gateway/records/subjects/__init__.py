"""Everything that is kept of one subject: handed out, or deleted. The site's pseudonym is asked for and kept nowhere."""
