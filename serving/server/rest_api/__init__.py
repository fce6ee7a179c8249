"""The REST side of the model server: HTTP, JSON and tensors (tensorflow_serving/model_servers/http_*.cc, util/json_tensor.cc)."""
