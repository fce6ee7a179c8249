"""Flask with TensorFlow in the same process, under gunicorn's threads: what people write who know that `model.predict` is slow.

A peer of `tests.bench.peers`, not a part of Symmetra: it finds no face, bounds nothing and refuses nothing. Its model is read from
`BENCH_KERAS_FILE`; it is traced once, before the first request, at the one shape that it is asked with.
"""

import io
import os

import flask
import keras
import numpy as np
import tensorflow as tf
from PIL import Image


def create_app() -> flask.Flask:
    app = flask.Flask(__name__)
    model = keras.models.load_model(os.environ["BENCH_KERAS_FILE"])
    forward = tf.function(
        lambda crops: model(crops, training=False), input_signature=[tf.TensorSpec((1, 128, 128, 3), tf.uint8)]
    )
    forward(tf.zeros((1, 128, 128, 3), tf.uint8))

    @app.get("/")
    def index() -> str:
        return "ready"

    @app.post("/predict")
    def predict() -> flask.Response:
        photo = Image.open(io.BytesIO(flask.request.get_data()))
        photo.draft("RGB", (256, 256))
        crop = np.asarray(photo.convert("RGB").resize((128, 128), Image.Resampling.BILINEAR))
        p = float(forward(tf.constant(crop[None])).numpy().ravel()[0])
        return flask.jsonify(p_no_depression=p)

    return app
