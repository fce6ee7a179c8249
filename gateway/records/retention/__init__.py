"""How long records are kept: deleted in small batches when their time is over, by one gateway at a time, with a deletion receipt."""
