/// Limits on patterns and on what the engine remembers, each with its unit.
public enum PatternLimits {
    /// What this engine can do. A pattern that asks for more is skipped by itself. Level 3 brought observations that
    /// stand for several events, and several labels that `distinct_by` counts together; level 4 the scope `unidentified`;
    /// level 5 the parameters that a site may tune; level 6 how many events there were, in how many groups, and what their
    /// labels add up to, and how the number of open faults went over time, and siblings
    /// that hang on different parts.
    public static let engineLevel = 6
    /// Breaking changes of the pack's format.
    public static let packFormat = 1
    /// Bytes of a pack: of as many patterns as it may have, or of many fewer and their models.
    public static let packBytes = 32 << 20
    /// Bytes of all packs that are composed: what two channels may hold at most.
    public static let compositionBytes = 128 << 20
    /// Levels of nesting in a pack's JSON.
    public static let packDepth = 32
    /// Patterns in a pack.
    public static let patterns = 20_000
    /// Characters of one expression.
    public static let expressionCharacters = 2_000
    /// Levels of nesting in one expression, let definitions included.
    public static let expressionDepth = 40
    /// Steps of one compiled expression: lets that use lets must not multiply without end.
    public static let expressionSteps = 500
    /// Definitions under `let`.
    public static let definitions = 32
    /// Cases under `urgency`.
    public static let urgencyCases = 8
    /// Suspects of one pattern.
    public static let suspects = 8
    /// Kinds of part that one pattern is for.
    public static let kinds = 100
    /// Values by which one pattern and its variants select parts, all together, and characters of one: each is held
    /// against each.
    public static let selectionValues = 256
    public static let selectionCharacters = 100
    /// Causes that one pattern states, sources that it names, and languages that it is written in.
    public static let explanations = 64
    public static let sources = 64
    public static let languages = 32
    /// Variants of one pattern.
    public static let variants = 64
    /// Milliseconds of the shortest window that histories of rises are kept exact for.
    public static let finestWindow: Int64 = 1_000
    /// Levels of components above one another that the engine walks.
    public static let topologyDepth = 32
    /// Rounds of patterns that look for faults of patterns that look for faults.
    public static let activeRounds = 4
    /// Characters of one text for people.
    public static let textCharacters = 2_000
    /// Characters of a sentence why a pattern was taken back, switched off or changed.
    public static let reasonCharacters = 500
    /// Bytes of what a site changes.
    public static let overlayBytes = 1 << 20
    /// Patterns that a site changes, and those that it adds.
    public static let overlayEntries = 1_000
    public static let overlayPatterns = 200
    /// Parameters of one pattern that a site may tune.
    public static let tunables = 16
    /// Days of the longest window.
    public static let windowDays = 400
    /// Events that `serd` may ask for, and so remembers.
    public static let events = 1_000
    /// Samples that `for` may ask for.
    public static let samples = 1_000
    /// Steps into which a window is cut; what lies closer together is remembered as one.
    public static let windowSteps: Int64 = 48
    /// Samples in one series of a test.
    public static let testSamples = 100_000
    /// Rises of a counter that are remembered; more are merged, the older the more coarsely.
    static let rises = 256
    /// Magnitude of the largest number that memories compute with: its square, a million times, is still a number.
    static let largestValue = 1e100
    /// Points of a trend's window; readings closer together are averaged.
    static let trendPoints: Int64 = 64
    /// Points that a trend needs.
    static let trendMinimum = 8
    /// Different values that `distinct` remembers, in all groups together.
    static let distinctValues = 512
    /// Events that `serd_by` remembers, of all keys together.
    static let keyedEvents = 2_048
    /// Events that `events`, `sum_of` and `max_of` remember.
    static let measuredEvents = 1_024
    /// Different values that `groups` may ask for, and labels that it counts together.
    static let groupValues = 512
    static let groupLabels = 4
    /// Events by which `bucket` knows a repeated one.
    static let bucketEvents = 64
    /// Bins of a baseline's covariate.
    static let baselineBins = 16
    /// Readings from which a bin of a baseline is known.
    static let warmUpReadings = 100
    /// Milliseconds that these readings must span: a day has its own course.
    static let warmUpSpan: Int64 = 24 * 3_600_000
    /// Standard deviations from which on a reading is off, and a baseline does not learn it.
    static let freezeScore = 3.0
    /// Standard deviations to which a cumulative sum is kept.
    static let cumulativeSum = 100.0
    /// Milliseconds after which a value that nobody renewed is unknown: one day and an hour, for probes that run daily.
    public static let staleAfter: Int64 = 25 * 3_600_000
    /// Milliseconds for which a sample stands for what is, at least: shorter stops and delays are no gap.
    public static let keepsAtLeast: Int64 = 900_000
    /// Intervals of its probe for which a sample stands for what is; no longer than `staleAfter`.
    public static let keepsIntervals: Int64 = 3
    /// Components that the engine remembers.
    public static let components = 10_000

    // MARK: Models

    /// Breaking changes of a model's data form.
    public static let modelFormat = 1
    /// Bytes of one model.
    public static let modelBytes = 8 << 20
    /// Trees of one model.
    public static let modelTrees = 5_000
    /// Nodes of one model, leaves included; a node takes 20 bytes of memory.
    public static let modelNodes = 500_000
    /// Splits between a root and its deepest leaf.
    public static let modelDepth = 128
    /// Features of one model.
    public static let modelFeatures = 500
    /// Categories of one feature.
    public static let modelCategories = 4_096
    /// Different sets of categories in one model.
    public static let modelSets = 20_000
    /// Steps of a calibration table.
    public static let calibrationSteps = 200
    /// The largest leaf, either way: sums of leaves stay far from infinity.
    public static let modelLeaf = 1e12
    /// Bytes of a file that a model is imported from.
    public static let modelImportBytes = 256 << 20
}
