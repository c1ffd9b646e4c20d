"""Writing a model as the `.keras` file that Keras alone can read and evaluate."""

from __future__ import annotations

import io

import keras
from keras.src.saving import saving_lib  # the public function writes to paths only

from fathom.models.compiling import loss_for, metric_for
from fathom.models.files.noise import without_keras_noise
from fathom.models.heads import head_of


def model_bytes(model: keras.Model, *, task: str | None = None) -> bytes:
    """Return `model` as the bytes of a `.keras` file.

    A compiled model is saved as it is. Any other is saved compiled with its
    task's loss and metric, so that `evaluate` works once it is loaded, and with
    plain SGD, which has no state to store; `model` itself is left as it was.

    Args:
        model: Functional or Sequential.
        task: "classification" or "regression"; None tells them apart by the
            head, where softmax and sigmoid mean classification.
    """
    file = io.BytesIO()
    with without_keras_noise():
        saving_lib.save_model(model if model.compiled else _compiled_view(model, task), file)
    return file.getvalue()


def _compiled_view(model: keras.Model, task: str | None) -> keras.Model:
    if task is None:
        task = "classification" if head_of(model).gives_probabilities else "regression"
    view = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    view.compile(
        optimizer=keras.optimizers.SGD(),
        loss=loss_for(model, task),
        metrics=[metric_for(model, task)],
    )
    view.optimizer.build(view.trainable_variables)
    return view
