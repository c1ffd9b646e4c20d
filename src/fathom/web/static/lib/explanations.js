// @ts-check
/** What every control does, and an experiment that shows it. */

/** @typedef {{title: string, words: string, attempt: string}} Explanation */

/** @type {{[topic: string]: Explanation}} */
export const explanations = {
  engine: {
    title: "Classic or modern",
    words:
      "Classic trains exactly as TensorFlow Playground does, number for number. Modern is an ordinary Keras model and knows every layer, loss and optimizer.",
    attempt:
      "Choose Adam: the page turns modern by itself. Choose Classic to come back to plain descent.",
  },
  learning_rate: {
    title: "Learning rate",
    words:
      "How far each step moves the weights against the gradient. Too small is slow; too large jumps over the valley and may never come back.",
    attempt:
      "On the circle, compare 0.003 with 0.3. Then 3: the loss jumps about instead of falling.",
  },
  activation: {
    title: "Activation",
    words:
      "The bend that each unit puts into its sum. Without one (linear) any number of layers is still a single straight line.",
    attempt:
      "Set linear on the circle: it cannot be learned. Set ReLU: the border becomes a polygon.",
  },
  regularization: {
    title: "Regularisation",
    words:
      "A price on large weights. L2 shrinks all of them; L1 drives the useless ones to exactly zero, where their links die.",
    attempt: "Switch on all seven features with L1 at 0.003 and watch which inputs survive.",
  },
  regularization_rate: {
    title: "Regularisation rate",
    words: "How high the price is. Too high, and the network prefers to say nothing.",
    attempt: "Raise it step by step until the output map turns grey.",
  },
  problem: {
    title: "Problem",
    words:
      "Classification says which class a point belongs to; regression predicts a number for every point.",
    attempt: "Change to regression: the border gives way to a smooth slope.",
  },
  optimizer: {
    title: "Optimizer",
    words:
      "How a gradient becomes a step. SGD follows it; momentum keeps some of the last step; Adam and its kin give every weight a step size of its own.",
    attempt: "Train the spiral with SGD at 0.03, then with Adam at 0.01.",
  },
  optimizer_setting: {
    title: "The optimizer's own settings",
    words:
      "Momentum is the share of the last step that is kept. Nesterov looks where that step leads before it reads the slope, and so brakes in time.",
    attempt: "Open the descent view and race SGD against momentum 0.9.",
  },
  schedule: {
    title: "Schedule",
    words: "The learning rate over time: large steps to get near, small ones to settle.",
    attempt: "Use cosine with a rate that bounces when constant: it calms down at the end.",
  },
  loss: {
    title: "Loss",
    words:
      "The number that training makes small. Squared error suits numbers; cross-entropy suits classes, for it keeps pushing while the answer is confidently wrong.",
    attempt: "Compare squared error and cross-entropy on the spiral from the same seed.",
  },
  output: {
    title: "Output",
    words:
      "What the last layer says: one unit from −1 to 1 (tanh), a chance (sigmoid), a chance for each class (softmax), or any number (linear).",
    attempt: "On three classes, look at each softmax unit's own map.",
  },
  batch_size: {
    title: "Batch size",
    words:
      "How many points are averaged before each step. Few: noisy but many steps. Many: smooth but slow.",
    attempt: "Set 1 and watch the loss tremble; then 30.",
  },
  shuffle: {
    title: "Shuffle",
    words: "A new order of the points in every epoch. The original never shuffles.",
    attempt: "With batch size 1, compare the curves with and without.",
  },
  initializer: {
    title: "Initializer",
    words:
      "How large the first weights are. It decides whether signals and gradients survive a deep network.",
    attempt: "With ten layers of ReLU, compare He with very small weights in the health strip.",
  },
  stop: {
    title: "Stop rules",
    words:
      "Training stops by itself at an epoch, at a test loss, or when the test loss has not improved for a while.",
    attempt:
      "Set a patience of 50 epochs on noisy data: it stops before the network learns the noise.",
  },
  seed: {
    title: "Seed",
    words:
      "The text that decides the points and the first weights. The same seed gives the same training, here and on any machine.",
    attempt:
      "Try five seeds on the spiral with few units: some never solve it. “Many at once” shows all of them.",
  },
  data: {
    title: "Data",
    words:
      "What there is to learn. The small pictures are drawings of two numbers and a label; tables and images are real data.",
    attempt:
      "Begin with the circle, then exclusive or, then the spiral: each needs more of the network.",
  },
  upload: {
    title: "Your own data",
    words:
      "A CSV, TSV, Parquet or NPZ file. It stays on this machine; you choose the column to predict and the columns to use.",
    attempt: "Use two columns first, so that the map shows everything.",
  },
  formula: {
    title: "A border of your own",
    words:
      "The class of a point is the sign of this formula of x and y; in regression its value is the target.",
    attempt: "Try sin(x) * y, or r - 3, or abs(x) - abs(y).",
  },
  train_share: {
    title: "Share for training",
    words:
      "The rest tests the network on points it has not seen. Only the training points move the weights.",
    attempt:
      "Set 10% with noise 30: the training loss falls, the test loss rises. That is overfitting.",
  },
  noise: {
    title: "Noise",
    words:
      "How far points are shaken after they got their label. No network can undo it, and one that tries is overfitting.",
    attempt: "Set 50 and train six layers of eight for a long time.",
  },
  rows: {
    title: "Points",
    words: "How many points are made. More points leave fewer ways to be wrong between them.",
    attempt: "Compare 50 and 2000 points of a noisy spiral.",
  },
  features: {
    title: "Features",
    words: "What the network is given of each point. A good feature can replace a whole layer.",
    attempt: "Solve the circle without any hidden layer: take x² and y².",
  },
  own_feature: {
    title: "A feature of your own",
    words:
      "A formula of x and y, with r for the distance from the centre and a for the angle. It is read by Fathom and never run as code.",
    attempt: "For the spiral, try sin(a + r).",
  },
  layers: {
    title: "Hidden layers",
    words:
      "Each layer recombines what the one before found. Depth builds complex shapes from simple ones, but makes training harder.",
    attempt: "Open “Depths” to see the same problem with 0 to 8 layers side by side.",
  },
  units: {
    title: "Units",
    words: "Each unit draws one bent border. A layer with few units must choose well.",
    attempt: "How few units in one layer still solve the circle? Three make a triangle.",
  },
  layer_activation: {
    title: "Activation of this layer",
    words:
      "Every layer may bend in its own way. A choice that differs from the other layers' makes the page modern.",
    attempt:
      "Put one sigmoid layer deep into a ReLU network and watch its gradient shrink in the health strip.",
  },
  normalization: {
    title: "Normalisation",
    words:
      "Keeps a layer's sums centred and of one size: over the batch, or over the layer's own units.",
    attempt: "Train ten tanh layers with and without it.",
  },
  dropout: {
    title: "Dropout",
    words:
      "Switches off a random share of units at every training step, so that none can rely on another alone.",
    attempt: "On noisy data with 64 units, compare 0 with 0.3.",
  },
  skip: {
    title: "Skip",
    words:
      "Adds the layer's input to its output, so that signal and gradient have a short way through.",
    attempt: "Twenty layers without and with skips: only one of them learns.",
  },
  frozen: {
    title: "Frozen",
    words: "The layer keeps its weights while the others learn.",
    attempt:
      "Freeze the first layer at its random weights: how much of the work is left for the second?",
  },
  show_test: {
    title: "Show test points",
    words: "Draws the points that are kept for testing, with a dark rim.",
    attempt: "Look for test points on the wrong side of the border.",
  },
  discretize: {
    title: "Only the answer",
    words: "Shows which class wins at each place rather than how surely.",
    attempt: "Switch it on to see the border sharply.",
  },
  editor: {
    title: "Draw points",
    words:
      "Click to add a point of the chosen class, hold Shift and click to take one away. Training goes on with the new points.",
    attempt:
      "Put one orange point in the middle of the blue ones and see how far the network bends for it.",
  },
  speed: {
    title: "Speed",
    words:
      "How much is learned between two pictures: from one single point to as many epochs as fit.",
    attempt: "Take one sample at a time, slowly, to see which point moves which weight.",
  },
  travel: {
    title: "Time",
    words: "Drag back to see the network as it was. Play from there and a new branch begins.",
    attempt: "Go back to epoch 0, change the learning rate and let it grow differently.",
  },
  compare: {
    title: "Two networks",
    words:
      "A second network on the same data, from the same start. The controls change the one whose frame is marked.",
    attempt: "Give B twice the depth, or another optimizer, and press play.",
  },
  curve: {
    title: "Loss",
    words:
      "How wrong the network is on the training points (grey) and on the points it has not seen (ink). When they part, it learns by heart.",
    attempt: "Point at the curve for the exact values.",
  },
  confusion: {
    title: "Confusion",
    words:
      "Rows are the true classes of the test points, columns what the network said. Off the diagonal are the mistakes.",
    attempt: "Which class is mistaken for which?",
  },
  network: {
    title: "The network",
    words:
      "Each square shows what one unit says at every place. Lines are weights: colour for the sign, width for the size; the little square is the bias.",
    attempt: "Point at a unit to see it large. Click a line to type or drag its weight.",
  },
  slow: {
    title: "Slow motion",
    words: "One learning step in six stages, with the numbers on the wires.",
    attempt: "Take batch size 1 and follow a single weight from gradient to update.",
  },
  many: {
    title: "Many at once",
    words:
      "The same network from 32 seeds, trained together. What differs is luck; what they share is the structure.",
    attempt: "Four units on the spiral: how many of the seeds find a solution?",
  },
  depths: {
    title: "Depths",
    words: "The same problem with 0 to 8 hidden layers, trained together as one population.",
    attempt: "Where does more depth stop helping?",
  },
  health: {
    title: "Health",
    words:
      "How strong gradients and activations are in each layer, over time, with a diagnosis in words.",
    attempt: "Eight sigmoid layers: see the gradient vanish towards the input.",
  },
  descent: {
    title: "Descent",
    words:
      "The loss along one or two weights while all others are held, and the way the optimizer takes over it.",
    attempt: "Choose a rate that is too large and watch it bounce between the walls.",
  },
  space: {
    title: "Transformed space",
    words:
      "Where a layer puts the points and the grid of the plane. Learning bends the space until a straight cut is enough.",
    attempt: "Circle with three tanh units: watch the middle lift out.",
  },
  code: {
    title: "Code",
    words: "The network on screen as a program that runs by itself.",
    attempt: "Copy it into a notebook.",
  },
  studies: {
    title: "Studies",
    words:
      "Searches for the right depth that this machine has stored, with their progress, figures and best networks.",
    attempt: "Run fathom study digits in a terminal and watch it here.",
  },
  axes: {
    title: "Axes of the map",
    words: "Which two inputs are drawn. All others are held at their means.",
    attempt: "Pick the two inputs with the widest lines into the first layer.",
  },
  palette: {
    title: "Palette",
    words:
      "Colours of the maps. All but purple and green are safe for the common colour blindnesses; cividis was made for them.",
    attempt: "Choose what you can tell apart best.",
  },
};
