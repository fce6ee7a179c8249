"""The Flask app that most people write first: load the Keras model, `model.predict` per request, Flask's own server.

It is the baseline of `make bench`, not a part of Symmetra: it finds no face, bounds nothing and refuses nothing.
"""

import argparse
import io

import flask
import keras
import numpy as np
from PIL import Image


def create_app(model_path: str) -> flask.Flask:
    app = flask.Flask(__name__)
    model = keras.models.load_model(model_path)

    @app.get("/")
    def index() -> str:
        return "ready"

    @app.post("/predict")
    def predict() -> flask.Response:
        photo = Image.open(io.BytesIO(flask.request.get_data())).convert("RGB").resize((128, 128))
        p = float(model.predict(np.asarray(photo)[None], verbose=0).ravel()[0])
        return flask.jsonify(p_no_depression=p)

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    create_app(arguments.model).run("127.0.0.1", arguments.port, threaded=True)
