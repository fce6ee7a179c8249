"""One module per step of the schema, numbered; each is never changed after its release. Run by `gateway.records.schema`."""
