# %% [markdown]
# # How deep a network does my table need?
#
# A table with 13 measurements of 178 wines, and the cultivar that each was made from. We ask how
# many hidden layers are enough to tell the cultivars apart, keep the best network, and use it on
# new rows.

# %%
import polars as pl
from sklearn.datasets import load_wine

import fathom

wine = load_wine()
table = pl.DataFrame(wine.data, schema=list(wine.feature_names)).with_columns(
    cultivar=pl.Series(wine.target_names[wine.target].tolist())
)
table.head(3)

# %% [markdown]
# `fathom.load` takes dataframes, files and arrays. It splits the rows into three parts, training,
# validation and test, and fits all preprocessing on the training rows alone.

# %%
data = fathom.load(table, target="cultivar")
print(data.split_rule)
for notice in data.notices:
    print("-", notice)

# %% [markdown]
# Now the study: every depth at every learning rate from every seed, trained as populations.
# `fathom.live()` draws it while it runs. What you see here is the picture that stays.

# %%
study = fathom.study(
    data,
    depths=range(3),
    widths=32,
    learning_rates=[1e-3, 1e-2],
    seeds=3,
    epochs=30,
    on_event=fathom.live(),
)

# %% [markdown]
# The learning rate was chosen for each depth on the validation rows, and the test rows were read
# once. The verdict is the shallowest depth within one standard error of the best:

# %%
print(study.verdict.text)

# %% [markdown]
# All numbers are in a dataframe, a row per depth.

# %%
study.table().select("depth", "parameters", "learning_rate", "validation_mean", "test_mean")

# %% [markdown]
# The study remembers its preprocessing, so that new rows are treated as the training rows were.
# These are six rows of the table, as they would come from a file:

# %%
rows = table[::30]
rows.select("cultivar").with_columns(predicted=pl.Series(study.predict(rows).tolist()))

# %% [markdown]
# The network itself is an ordinary Keras model.

# %%
model = study.best_model()
model.summary()

# %% [markdown]
# `study.report("report.html")` writes everything as one page to hand on, with all figures, and
# `fathom.open_study(study.name)` opens the study again tomorrow.
