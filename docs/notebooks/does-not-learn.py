# %% [markdown]
# # My deep network does not learn
#
# Eight hidden layers, and the loss does not move. We train it with `fathom.fit`, watch every layer,
# read the diagnosis, mend the network, and look for a learning rate.

# %%
import fathom  # before Keras: it chooses JAX to compute with

import keras
import numpy as np

data = fathom.load("digits")


def network(activation, initializer="glorot_uniform", learning_rate=1e-3):
    """Return a compiled network of eight hidden layers."""
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Dense(32, activation, kernel_initializer=initializer, name=f"hidden_{k}")
        for k in range(1, 9)
    ]
    head = keras.layers.Dense(data.num_classes, name="head")
    flat = keras.layers.Flatten()
    model = keras.Sequential([keras.Input(data.input_shape), flat, *layers, head], name="deep")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    return model


# %% [markdown]
# `fathom.fit` takes the arguments of Keras's own `fit`, gives the same weights, and is quicker.
# With `fathom.live()` among the callbacks it watches the layers, and shows them while it trains.

# %%
training = {
    "x": data.train.x,
    "y": data.train.y,
    "validation_data": (data.validation.x, data.validation.y),
    "epochs": 12,
    "verbose": 0,
}
first = fathom.fit(network("sigmoid"), **training, callbacks=[fathom.live()])

# %% [markdown]
# Each line is a layer, and its strip the gradient that reached it, epoch by epoch, on one scale for
# all of them: the first layers get next to nothing. The same in words, with what to do:

# %%
print(first.diagnosis.text)

# %% [markdown]
# So: ReLU, and weights as He et al. draw them for it.

# %%
second = fathom.fit(network("relu", "he_normal"), **training, callbacks=[fathom.live()])

# %% [markdown]
# It learns. Is the learning rate a good one? Copies of the network are trained at many rates at
# once, for a hundred steps each.

# %%
search = fathom.find_learning_rate(
    network("relu", "he_normal"),
    data.train.x,
    data.train.y,
    rates=np.geomspace(1e-4, 1, 17),
    steps=100,
)
search

# %%
third = fathom.fit(network("relu", "he_normal", search.suggestion), **training)
for name, history in {"sigmoid": first, "relu": second, "relu, new rate": third}.items():
    accuracy = history.history["val_accuracy"][-1]
    print(f"{name:15} validation accuracy {accuracy:.3f} after 12 epochs")
