/// The newest score of a model for one component, and how far each input may move before the score can be another one.
///
/// Most inputs stay between the same two thresholds from one look to the next: then walking the trees would end at the
/// same leaves.
struct ScoreCache: Sendable {
    private(set) var score = Double.nan
    /// When the inputs were last looked at; milliseconds.
    private(set) var time = Int64.min
    /// Of each input, as a sort key: it may move within, both ends included.
    private var ranges: ContiguousArray<ClosedRange<Int64>> = []

    /// - Parameter values: as `TreeEnsemble.score` takes them.
    mutating func refresh(_ values: [Double], of model: ModelProgram, at time: Int64) {
        self.time = time
        var isSame = ranges.count == values.count
        if !isSame { ranges = ContiguousArray(repeating: 0...0, count: values.count) }
        let isFirst = !isSame
        for index in values.indices {
            let input = model.ensemble.input(values[index], feature: index)
            guard isFirst || !ranges[index].contains(input) else { continue }
            isSame = false
            ranges[index] = model.ensemble.range(around: input, feature: index)
        }
        if !isSame { score = model.ensemble.score(values.span) }
    }
}
