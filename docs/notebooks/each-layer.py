# %% [markdown]
# # What is each layer worth?
#
# A network with three hidden layers tells digits apart. Which of its layers does it need, what has
# each of them learned, and what would carry over to another task?

# %%
import fathom  # before Keras: it chooses JAX to compute with

import keras
import numpy as np

data = fathom.load("digits")
keras.utils.set_random_seed(0)
hidden = [keras.layers.Dense(32, "relu", name=f"hidden_{k}") for k in range(1, 4)]
head = keras.layers.Dense(data.num_classes, name="head")
flat = keras.layers.Flatten()
model = keras.Sequential([keras.Input(data.input_shape), flat, *hidden, head], name="digits")
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(3e-3), loss, metrics=["accuracy"])
history = fathom.fit(
    model,
    data.train.x,
    data.train.y,
    validation_data=(data.validation.x, data.validation.y),
    epochs=15,
    verbose=0,
)
history

# %% [markdown]
# ## Anatomy
#
# Each layer in turn is given back the weights it began with, given fresh ones, passed by, replaced
# by zeros and by its mean; what the score falls by is what the layer was worth. Probes read the
# target from each layer's output.

# %%
anatomy = fathom.anatomy(history, data, draws=1, probe_rows=512, similarity_rows=256)
anatomy

# %% [markdown]
# ## Trim
#
# As the network is, no layer can be left out. After some training without it, one may be: a removal
# stays where validation rows show no loss beyond the tolerance.

# %%
small = fathom.trim(model, data, tolerance=0.02, epochs=10, learning_rate=3e-3)
small

# %% [markdown]
# ## Features
#
# How far apart the classes are in each layer, and which rows excite which unit.

# %%
features = fathom.features(
    model, data, layers=["hidden_1", "hidden_3"], num_units=4, steps=30, probe_rows=512
)
features

# %%
features.units("hidden_1").head(4)

# %% [markdown]
# ## Transfer
#
# Another task: is a digit even or odd? With only 60 labels, how many of the trained layers help?

# %%
pixels = np.concatenate([data.train.x, data.validation.x, data.test.x])
digits = np.concatenate([data.train.y, data.validation.y, data.test.y])
task = fathom.load((pixels, np.where(digits % 2, "odd", "even")), seed=1)
transfer = fathom.transfer(
    model, task, labels=60, seeds=5, epochs=5, learning_rates=[3e-3], patience=5
)
transfer
