"""The API's description, written once: served as `/openapi.json`, read by people at `/reference`, checked against the routes."""
