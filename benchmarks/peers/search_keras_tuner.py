"""KerasTuner: RandomSearch or Hyperband over Keras `fit`, every trial from each seed.

python search_keras_tuner.py TASK.json random|hyperband
"""

import os
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import keras_tuner
import numpy as np
from searching import Layer, Search, Task

L = keras.layers


def network(layers: list[Layer], shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return a network."""
    he = {"kernel_initializer": "he_normal"}
    makers = {
        "dense": lambda units: L.Dense(units, **he),
        "conv": lambda channels: L.Conv2D(channels, 3, padding="same", **he),
        "halve": lambda channels: L.Conv2D(channels, 2, strides=2, padding="same"),
        "relu": lambda: L.Activation("relu"),
        "pool": L.GlobalAveragePooling2D,
    }
    hidden = [makers[kind](*sizes) for kind, *sizes in layers]
    return keras.Sequential([keras.Input(shape), *hidden, L.Dense(classes, "softmax")])


class BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the best epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.score, self.weights, self.epochs = -1.0, [], 0

    def on_epoch_end(self, epoch, logs=None) -> None:
        self.epochs += 1
        if logs["val_accuracy"] > self.score:
            self.score, self.weights = logs["val_accuracy"], self.model.get_weights()


class Space(keras_tuner.HyperModel):
    """Networks of the task, and how they are trained."""

    def __init__(self, task: Task, search: Search) -> None:
        super().__init__()
        self.task, self.search = task, search
        (x, y), _, self.test = task.splits()
        self.shape, self.classes = x.shape[1:], int(y.max()) + 1

    def build(self, hp):
        depth = hp.Int("depth", min(self.task.depths), max(self.task.depths))
        model = network(self.task.layers(depth), self.shape, self.classes)
        rate = hp.Choice("rate", list(self.task.rates))
        model.compile(
            keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    def fit(self, hp, model, *args, callbacks=(), **options):
        best = BestEpoch()
        history = model.fit(*args, callbacks=[*callbacks, best], **options)
        self.search.epochs += best.epochs
        with self.search.scoring():
            x, y = self.test
            model.set_weights(best.weights)
            tested = np.mean(model.predict(x, verbose=0).argmax(axis=1) == y)
        self.search.note(hp["depth"], hp["rate"], validation=best.score, test=tested)
        return history


def main() -> None:
    """Search by the method that the command line names."""
    task, search = Task.read(), Search()
    shared = {
        "objective": "val_accuracy",
        "executions_per_trial": task.seeds,
        "seed": task.first_seed,
        "directory": tempfile.mkdtemp(),
        "overwrite": True,
    }
    keras.utils.set_random_seed(task.first_seed)
    space = Space(task, search)
    if sys.argv[2] == "hyperband":
        tuner = keras_tuner.Hyperband(space, max_epochs=task.epochs, **shared)
    else:
        trials = len(task.depths) * len(task.rates)
        tuner = keras_tuner.RandomSearch(space, max_trials=trials, **shared)
    train, validation, _ = task.splits()
    tuner.search(
        *train, validation_data=validation, epochs=task.epochs, batch_size=task.batch, verbose=0
    )
    best = tuner.get_best_hyperparameters()[0]
    search.tell(best["depth"], best["rate"])


main()
