// @ts-check
/**
 * The shapes that travel between the server and the page. The protocol's own page says what they mean.
 *
 * @typedef {"a" | "b"} Side
 *
 * @typedef {object} Layer
 * @property {number} units
 * @property {string} activation
 * @property {string} normalization
 * @property {number} dropout
 * @property {boolean} skip
 * @property {boolean} frozen
 *
 * @typedef {{name: string, [setting: string]: any}} Named
 *
 * @typedef {object} ExperimentData
 * @property {string} source
 * @property {number | null} rows
 * @property {number} noise
 * @property {number} train_share
 * @property {string | null} [task]
 * @property {string | null} target
 * @property {string[] | null} inputs
 * @property {number[]} axes
 * @property {string} formula
 * @property {number[][]} added
 * @property {number[]} removed
 *
 * @typedef {object} ViewSettings
 * @property {boolean} [show_test]
 * @property {boolean} [discretize]
 * @property {string} [lens]
 *
 * @typedef {object} Experiment
 * @property {"classic" | "modern"} mode
 * @property {string} seed
 * @property {ExperimentData} data
 * @property {string[]} features
 * @property {{layers: Layer[], output: {kind: string, frozen: boolean}, initializer: string}} network
 * @property {string} loss
 * @property {Named} optimizer
 * @property {Named} schedule
 * @property {{name: string, rate: number}} regularization
 * @property {number} batch_size
 * @property {boolean} shuffle
 * @property {{epochs: number | null, test_loss: number | null, patience: number | null}} stop
 * @property {string[]} hide
 * @property {ViewSettings} view
 *
 * @typedef {object} LayerPlan
 * @property {"input" | "hidden" | "output"} kind
 * @property {number} units
 * @property {number} first
 * @property {string} [activation]
 * @property {string[]} [labels]
 * @property {number[]} [parameters]
 *
 * @typedef {object} ParameterPlan
 * @property {number} layer
 * @property {string} name
 * @property {number[]} shape
 * @property {number | null} offset
 * @property {boolean} trainable
 *
 * @typedef {object} NetworkPlan
 * @property {LayerPlan[]} layers
 * @property {ParameterPlan[]} parameters
 * @property {number} num_parameters
 *
 * @typedef {object} DataPlan
 * @property {string} name
 * @property {"plane" | "table" | "image"} kind
 * @property {number} rows
 * @property {number} train
 * @property {number} test
 * @property {string[]} inputs
 * @property {number[][]} ranges
 * @property {"signed" | "index" | "number"} labels Classes as -1 and 1, or from 0; or numbers.
 * @property {string[] | null} columns All inputs there are to choose from.
 * @property {number[] | null} image
 * @property {string[]} notes
 *
 * @typedef {object} StateMessage
 * @property {Side} side
 * @property {number} build
 * @property {number} [request]
 * @property {Experiment} experiment
 * @property {string} hash
 * @property {string} effect
 * @property {boolean} playing
 * @property {string} phase
 * @property {string} [error]
 * @property {string | null} [hint]
 * @property {string} task
 * @property {string[]} classes
 * @property {string} metric
 * @property {DataPlan} data
 * @property {NetworkPlan} network
 * @property {boolean} can_undo
 * @property {boolean} can_redo
 * @property {string[]} notes
 *
 * @typedef {{[name: string]: number | null}} Metrics
 *
 * @typedef {object} Diagnosis
 * @property {number} layer
 * @property {"info" | "warning" | "problem"} level
 * @property {string} words
 *
 * @typedef {object} FrameHeader
 * @property {string} type
 * @property {number} frame
 * @property {Side} side
 * @property {number} build
 * @property {number} epoch
 * @property {number} step
 * @property {boolean} playing
 * @property {number} seconds
 * @property {number | null} epochs_per_second
 * @property {number | null} learning_rate
 * @property {{train: Metrics, test: Metrics}} metrics
 * @property {number[][]} [confusion]
 * @property {number | null} viewing
 * @property {boolean} [curve_reset]
 * @property {Diagnosis[]} [diagnosis]
 * @property {{layer: number, units?: number[], components?: number[]}} [space]
 *
 * @typedef {{shape: number[], values: any}} NamedArray
 * @typedef {{[name: string]: NamedArray}} Arrays
 * @typedef {{header: any, arrays: Arrays}} Message
 * @typedef {{header: FrameHeader, arrays: Arrays}} Frame
 *
 * @typedef {object} Points
 * @property {number} build
 * @property {Float32Array} position
 * @property {Float32Array} label
 * @property {Uint8Array} split
 * @property {Int32Array} id
 *
 * @typedef {object} Trouble
 * @property {string} words
 * @property {string} kind
 * @property {number} epoch
 * @property {{label: string, experiment?: Experiment, reset?: string}[]} mends
 *
 * @typedef {object} Network One side: what the server said last about it.
 * @property {StateMessage | null} state
 * @property {Points | null} points
 * @property {{pixels: Uint8Array, shape: number[]} | null} images
 * @property {Frame | null} frame
 * @property {import("./curve.js").Curve} curve
 * @property {Trouble | null} trouble
 * @property {boolean} playing
 * @property {string} phase
 * @property {string} words
 *
 * @typedef {object} Setting
 * @property {string} key
 * @property {string} [title]
 * @property {string} kind
 * @property {any} default
 * @property {number} [low]
 * @property {number} [high]
 * @property {string} [words]
 *
 * @typedef {object} Choice
 * @property {string} key
 * @property {string} [title]
 * @property {string} [label]
 * @property {string} [words]
 * @property {string} [kind]
 * @property {string | null} [task]
 * @property {boolean} [classic]
 * @property {string[]} [outputs]
 * @property {Setting[]} [settings]
 * @property {Experiment} [experiment]
 *
 * @typedef {object} Catalog
 * @property {Experiment} default
 * @property {Choice[]} sources
 * @property {Choice[]} features
 * @property {Choice[]} activations
 * @property {Choice[]} optimizers
 * @property {Choice[]} schedules
 * @property {Choice[]} losses
 * @property {Choice[]} initializers
 * @property {Choice[]} normalizations
 * @property {Choice[]} outputs
 * @property {number[]} learning_rates
 * @property {number[]} regularization_rates
 * @property {Choice[]} presets
 * @property {{[name: string]: number}} limits
 * @property {string[]} functions
 *
 * @typedef {object} Model Everything the page shows.
 * @property {Catalog} catalog
 * @property {"connecting" | "open" | "lost"} connection
 * @property {string | null} session
 * @property {{a: Network, b: Network | null}} sides
 * @property {Side} active Which side the controls change.
 * @property {{unit: string, per_frame: number | "max", per_second: number | null}} speed
 * @property {{epochs: number[], branches: {at: number, epochs: number}[]}} history
 * @property {number | null} focus A unit shown large.
 * @property {number} pen The class or value that a click adds.
 * @property {boolean} editing Whether clicks on the output change the points.
 * @property {string} palette
 * @property {boolean} dark
 * @property {Message | null} many
 * @property {Message | null} depths
 * @property {any} slow
 * @property {Message | null} descent
 * @property {{name: string, source: string, target: string | null, columns: {name: string, kind: string}[], notes: string[]}[]} uploads
 *
 * @typedef {"structure" | "frame" | "points" | "look" | "many" | "depths" | "slow" | "descent" | "history" | "connection"} Change
 */

export {};
