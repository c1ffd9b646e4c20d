"""One `keras.Model.fit` after another, on JAX."""

import os
import time

STARTED = time.perf_counter()
os.environ["KERAS_BACKEND"] = "jax"

import digits  # noqa: E402
import keras  # noqa: E402


def main() -> None:
    train, validation, _ = digits.splits()
    scores = {}
    for depth, rate, seed in digits.TRAININGS:
        keras.utils.set_random_seed(seed)
        hidden = [
            keras.layers.Dense(digits.WIDTH, "relu", kernel_initializer="he_normal")
            for _ in range(depth)
        ]
        model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10, "softmax")])
        model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        history = model.fit(
            *train,
            batch_size=digits.BATCH,
            epochs=digits.EPOCHS,
            validation_data=validation,
            verbose=0,
        )
        scores[depth, rate, seed] = max(history.history["val_accuracy"])
    digits.report(scores, STARTED)


main()
