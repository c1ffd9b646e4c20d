"""The options of `fathom study`, a group for each thing they are about."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

from cyclopts import Group, Parameter

from fathom.cli import number_lists

DATA = Group.create_ordered("Data")
NETWORKS = Group.create_ordered("Networks")
TRAINING = Group.create_ordered("Training")
STUDY = Group.create_ordered("Study")
OUTPUT = Group.create_ordered("Output")

Json = Annotated[
    bool,
    Parameter(
        negative=(),
        show_default=False,
        help="Write one JSON document to stdout; everything else goes to stderr.",
    ),
]
RayAddress = Annotated[
    str | None,
    Parameter(
        metavar="[ADDRESS]",
        help="Train on a Ray cluster, with the same results: on one started here, or on that at "
        "HOST:PORT, or auto. Needs pip install 'fathom-nn[ray]'.",
    ),
]
StoreFolder = Annotated[
    Path | None,
    Parameter(
        metavar="DIR",
        help="Where studies are kept. Without it, $FATHOM_STORE, or fathom-runs in this folder.",
    ),
]


def _about(help: str, metavar: str | None = None, **settings: Any) -> Parameter:
    return Parameter(help=help, metavar=metavar, **settings)


def _list(help: str) -> Parameter:
    return Parameter(help=help, metavar="LIST", allow_leading_hyphen=True)


@Parameter(name="*", group=DATA)
@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """What is learned from."""

    target: Annotated[str | None, _about("Column to predict, in a table.", "COLUMN")] = None
    task: Annotated[str, _about("auto, classification or regression.", "NAME")] = "auto"
    time: Annotated[
        str | None,
        _about("Column of times: the table is a time series, its windows are learned.", "COLUMN"),
    ] = None
    window: Annotated[int | None, _about("Rows in each window of a time series.", "NUMBER")] = None
    horizon: Annotated[
        int | None,
        _about(
            "Rows after a window's last at which its target is read; 1 by default, 0 is the last "
            "row itself, whose target is then no input.",
            "NUMBER",
        ),
    ] = None
    inputs: Annotated[
        str,
        _about(
            "What the rows of an array are: auto, vectors, sequences or images.",
            "NAME",
        ),
    ] = "auto"
    split: Annotated[
        str | None,
        _about(
            "Column that says train, validation or test for each row. Without it, rows are drawn "
            "by --seed, each class in the same share.",
            "COLUMN",
        ),
    ] = None
    validation_share: Annotated[
        float, _about("Share of the rows to choose depths and rates by.", "NUMBER")
    ] = 0.2
    test_share: Annotated[
        float, _about("Share of the rows that are read once, at the end.", "NUMBER")
    ] = 0.2
    balance: Annotated[
        str,
        _about(
            "Training rows: stratified leaves them as they are, balanced repeats rows of small "
            "classes until all are equal, bootstrap draws rows with replacement in each class.",
            "NAME",
        ),
    ] = "stratified"
    image_size: Annotated[
        str | None, _about("Height and width for a folder of images, such as 32x32.", "SIZE")
    ] = None
    rows: Annotated[int | None, _about("Rows that a generator draws.", "NUMBER")] = None
    noise: Annotated[
        float | None, _about("Noise of a generator, in percent from 0 to 50.", "NUMBER")
    ] = None
    bits: Annotated[int | None, _about("Bits of parity.", "NUMBER")] = None
    compositions: Annotated[
        int | None, _about("How often sawtooth's map is applied.", "NUMBER")
    ] = None
    steps: Annotated[
        int | None, _about("Steps of the sequences of adding and sequence-parity.", "NUMBER")
    ] = None

    def load_options(self) -> dict[str, Any]:
        """Return the options of `fathom.load`, but for the seed.

        Raises:
            SpecError: The size of images cannot be read.
        """
        size = self.image_size
        return {
            **asdict(self),
            "image_size": None if size is None else number_lists.height_and_width(size),
        }


@Parameter(name="*", group=NETWORKS)
@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """What is compared."""

    depths: Annotated[
        str, _list("Numbers of hidden blocks, such as 0-8 or 0,2,4-6. Depth 0 is the linear model.")
    ] = "0-8"
    widths: Annotated[str, _list("Units per hidden block, such as 64 or 32,64.")] = "64"
    match_parameters: Annotated[
        bool,
        _about(
            "Give every depth the width that makes it as large as the deepest network.",
            negative=(),
            show_default=False,
        ),
    ] = False
    family: Annotated[
        str,
        _about(
            "mlp, residual; for images cnn, residual-cnn; for sequences rnn; transformer for "
            "tables, sequences and images; or your own FILE.py:FUNCTION of depth.",
            "NAME",
        ),
    ] = "mlp"
    cell: Annotated[str, _about("lstm, gru or simple, for rnn; auto is lstm.", "NAME")] = "auto"
    readout: Annotated[
        str,
        _about("What rnn's head reads: the last state, or the mean of all; auto is last.", "NAME"),
    ] = "auto"
    activation: Annotated[
        str,
        _about(
            "Any of Keras's, such as relu, tanh or gelu; auto is tanh for rnn, gelu for "
            "transformer, relu for the others.",
            "NAME",
        ),
    ] = "auto"
    normalization: Annotated[
        str,
        _about(
            "none, batch or layer; auto is batch for cnn and residual-cnn, layer for transformer, "
            "none for the others.",
            "NAME",
        ),
    ] = "auto"
    dropout: Annotated[
        float,
        _about("Share of units dropped after each hidden block, from 0 to below 1.", "NUMBER"),
    ] = 0.0
    l1: Annotated[float, _about("L1 penalty on the hidden layers' weights.", "NUMBER")] = 0.0
    l2: Annotated[float, _about("L2 penalty on the hidden layers' weights.", "NUMBER")] = 0.0
    initializer: Annotated[
        str, _about("Any of Keras's; auto takes the one that suits the activation.", "NAME")
    ] = "auto"


@Parameter(name="*", group=TRAINING)
@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How each network is trained."""

    optimizer: Annotated[str, _about("Any of Keras's, such as adam or sgd.", "NAME")] = "adam"
    learning_rates: Annotated[
        str,
        _list(
            "Rates tried at every depth, such as 3e-4,1e-3, or LOW:HIGH:COUNT. Each depth uses "
            "the one that suits it best.",
        ),
    ] = "3e-4,1e-3,3e-3"
    epochs: Annotated[
        int | None,
        _about(
            "Passes over the training rows, at most. By default 40, and up to 200 for small data.",
            "NUMBER",
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        _about(
            "Rows per step. By default 32, and up to 256 for large data (64 for cnn and "
            "residual-cnn where learning rates fall).",
            "NUMBER",
        ),
    ] = None
    decay: Annotated[
        str,
        _about(
            "How learning rates fall to zero: linear, cosine (half of one) or none; auto is linear "
            "with --minutes, else none.",
            "NAME",
        ),
    ] = "auto"
    patience: Annotated[
        str,
        _about(
            "Epochs without improvement before a network stops; 0 or none trains all epochs, auto "
            "is a fifth of them, or none where learning rates fall. The weights of the best epoch "
            "are kept either way.",
            "NUMBER",
            allow_leading_hyphen=True,
        ),
    ] = "auto"
    watch: Annotated[
        bool,
        _about(
            "Measure every layer as training goes on: gradients, dead and saturated units.",
            show_default=False,
        ),
    ] = True


@Parameter(name="*", group=STUDY)
@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """How much is run."""

    seeds: Annotated[
        int, _about("Times everything is repeated, each with other initial weights.", "NUMBER")
    ] = 5
    seed: Annotated[int, _about("Draws the split; the first of the seeds.", "NUMBER")] = 0
    splits: Annotated[
        int,
        _about(
            "Repeat the study on so many splits into training and validation rows, and judge "
            "them together; the test rows stay the same.",
            "NUMBER",
        ),
    ] = 1
    across: Annotated[
        str | None,
        _about(
            "Compare a setting beside depth, such as normalization=none,batch, "
            "family=mlp,residual, dropout=0,0.2 or rows=25%,50%,100%.",
            "NAME=LIST",
        ),
    ] = None
    allocation: Annotated[
        str,
        _about(
            "full trains every depth at every rate from every seed; halving begins so, and lets "
            "the worst go early; auto is halving with --minutes, else full.",
            "NAME",
        ),
    ] = "auto"
    minutes: Annotated[
        float | None,
        _about(
            "Time for the whole study: seeds, then epochs, then rates are cut to fit it.", "NUMBER"
        ),
    ] = None
    baselines: Annotated[
        bool,
        _about("Run a linear model and gradient boosting on the same split.", show_default=False),
    ] = True
    regularize: Annotated[
        bool,
        _about(
            "Train a deeper network that overfits again with dropout and L2 before it is rejected.",
            show_default=False,
        ),
    ] = True
    max_parameters: Annotated[
        int | None, _about("Parameters that the chosen network may have, at most.", "NUMBER")
    ] = None
    max_latency_ms: Annotated[
        float | None,
        _about("Milliseconds that the chosen network may take to predict one row.", "NUMBER"),
    ] = None
    ray: RayAddress = None


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """What is written where."""

    report: Annotated[
        Path | None, _about("Write the study as one self-contained page.", "FILE.html")
    ] = None
    save: Annotated[
        Path | None, _about("Write the best network, for Keras to load.", "BEST.keras")
    ] = None
    name: Annotated[
        str | None, _about("The study's name. Without it, the data's name and the time.", "NAME")
    ] = None
    store: StoreFolder = None
    json: Json = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """All options of a study, as they were typed."""

    data: DataOptions = field(default_factory=DataOptions)
    networks: NetworkOptions = field(default_factory=NetworkOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    study: StudyOptions = field(default_factory=StudyOptions)

    def spec_options(self) -> dict[str, Any]:
        """Return the options of `fathom.study_spec`, numbers parsed.

        Raises:
            SpecError: A list of numbers cannot be read.
        """
        networks, training, study = self.networks, self.training, self.study
        return {
            "depths": number_lists.whole_numbers("depths", networks.depths),
            "widths": number_lists.whole_numbers("widths", networks.widths),
            "match_parameters": networks.match_parameters,
            "family": networks.family,
            "activation": networks.activation,
            "normalization": networks.normalization,
            "dropout": networks.dropout,
            "l1": networks.l1,
            "l2": networks.l2,
            "initializer": networks.initializer,
            "cell": networks.cell,
            "readout": networks.readout,
            "optimizer": training.optimizer,
            "learning_rates": number_lists.learning_rates(training.learning_rates),
            "epochs": training.epochs,
            "batch_size": training.batch_size,
            "decay": training.decay,
            "patience": number_lists.patience(training.patience),
            "watch": training.watch,
            "seeds": study.seeds,
            "seed": study.seed,
            "allocation": study.allocation,
            "minutes": study.minutes,
            "baselines": study.baselines,
            "regularize": study.regularize,
            "max_parameters": study.max_parameters,
            "max_latency_ms": study.max_latency_ms,
        }


@dataclass(frozen=True)
class AnyData:
    """Stands for the data while only the other settings are looked at."""

    stands_for: ClassVar[str] = "Dataset"
    input_shape: tuple[int, ...] = (1,)
    task: str = "regression"
    num_classes: int = 0
    is_padded: bool = False
    token_sizes: tuple[int, ...] = ()
    train: range = range(1)
