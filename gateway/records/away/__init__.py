"""When the database is away and a site wants answers all the same: receipts wait in a journal on this gateway's disk."""
