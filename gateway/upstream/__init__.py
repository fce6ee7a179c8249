"""The way to the model server: connections, retries, the circuit breaker, TLS, and the shadow version.

`model_server.ModelServerPredictor` is the one real `gateway.predictor.Predictor`; nothing outside this package knows gRPC.
"""
