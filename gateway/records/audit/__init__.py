"""Who did and saw what: events in one chain over all replicas, which shows what was changed in it afterwards."""
