import Reports

/// All that is counted over the drives. Whole numbers only, so that it is the same in whatever order they come.
struct Tallies: Sendable {
    var population = Population()
    var pack = Tally()
    var patterns: [Tally]
    var baselines: [Baseline: Tally] = [:]
    var models: [String: Model] = [:]
    var problems = RowProblems()
    var rows = 0
    /// Days replayed, rows and held days together.
    var steps = 0
    var changes = 0

    struct Model: Sendable {
        var population = Population()
        var pack = Tally()
        /// Drives that did not fail on which a pattern made a ticket at any time, by the pattern's number.
        var alarmedSurvivors: [Int: Int] = [:]
    }

    init(patterns count: Int) { patterns = [Tally](repeating: Tally(), count: count) }

    mutating func add(_ other: Tallies) {
        population.add(other.population)
        pack.add(other.pack)
        for index in patterns.indices { patterns[index].add(other.patterns[index]) }
        for (baseline, tally) in other.baselines { baselines[baseline, default: Tally()].add(tally) }
        for (name, model) in other.models {
            models[name, default: Model()].population.add(model.population)
            models[name, default: Model()].pack.add(model.pack)
            models[name, default: Model()].alarmedSurvivors.merge(model.alarmedSurvivors, uniquingKeysWith: +)
        }
        problems.add(other.problems)
        rows += other.rows
        steps += other.steps
        changes += other.changes
    }

    /// Takes one drive.
    /// - Parameters:
    ///   - episodes: of the pack as it is.
    ///   - onTrial: of shadow patterns as if they were active.
    ///   - packIsOnTrial: whether the pack has no others: then it is measured by what these would do.
    mutating func take(
        _ life: DriveLife, episodes: [Episode], onTrial: [Episode], packIsOnTrial: Bool,
        baselines history: BaselineHistory, _ settings: BacktestSettings
    ) {
        let measure = LifeMeasure(life, settings)
        measure.count(into: &population)
        var ofModel = models[life.model] ?? Model()
        measure.count(into: &ofModel.population)
        if !episodes.isEmpty || !onTrial.isEmpty {
            var drive = Tally()
            let told = packIsOnTrial ? onTrial : episodes
            take(told, measure, into: &drive)
            pack.add(drive)
            ofModel.pack.add(drive)
            if life.failure == nil, drive.planned.drives > 0 {
                for number in Set(told.map(\.pattern))
                where measure.firstDay(
                    of: measure.days(of: told.filter { $0.pattern == number }, atLeast: .plan)) != nil
                {
                    ofModel.alarmedSurvivors[number, default: 0] += 1
                }
            }
            for number in Set((episodes + onTrial).map(\.pattern)).sorted() {
                // A shadow pattern's own faults are no more than `inform`; what it would do is what counts here.
                let trial = onTrial.filter { $0.pattern == number }
                Tallies.count(
                    trial.isEmpty ? episodes.filter { $0.pattern == number } : trial, measure, into: &patterns[number])
            }
        }
        models[life.model] = ofModel
        guard settings.measuresBaselines else { return }
        for baseline in Baseline.allCases {
            let alarms = history.alarms(of: baseline, until: life.lastUsefulDay)
            guard !alarms.isEmpty else { continue }
            measure.compare(alarms, into: &baselines[baseline, default: Tally()])
            guard let day = measure.firstDay(of: alarms) else { continue }
            baselines[baseline, default: Tally()].drives += 1
            baselines[baseline, default: Tally()].planned.take(on: day, of: life)
            baselines[baseline, default: Tally()].ordered.take(on: day, of: life)
        }
    }

    /// One drive of one source.
    private static func count(_ episodes: [Episode], _ measure: LifeMeasure, into tally: inout Tally) {
        let planned = measure.days(of: episodes, atLeast: .plan)
        measure.compare(planned, into: &tally)
        if let day = measure.firstDay(of: planned) { tally.planned.take(on: day, of: measure.life) }
        if let day = measure.firstDay(of: measure.days(of: episodes, atLeast: .order)) {
            tally.ordered.take(on: day, of: measure.life)
        }
        if measure.firstDay(of: measure.days(of: episodes, atLeast: .inform)) != nil { tally.drives += 1 }
    }

    /// One drive of the pack, and which pattern reported it first.
    private mutating func take(_ episodes: [Episode], _ measure: LifeMeasure, into drive: inout Tally) {
        Tallies.count(episodes, measure, into: &drive)
        if drive.predicted > 0, let window = measure.failedWindow,
            let number = first(of: episodes, measure, atLeast: .plan, in: window)
        {
            patterns[number].firstOnFailed += 1
        }
        if drive.falseAlarms > 0, let window = measure.healthyWindow,
            let number = first(of: episodes, measure, atLeast: .plan, in: window)
        {
            patterns[number].firstOnHealthy += 1
        }
        if drive.ordered.drives > 0, let days = measure.countedDays,
            let number = first(of: episodes, measure, atLeast: .order, in: days)
        {
            patterns[number].firstToOrder += 1
            if measure.life.failure == nil { patterns[number].firstToOrderNever += 1 }
        }
    }

    /// The pattern whose alarm came first; of several on one day, the one that stands first in the pack.
    private func first(
        of episodes: [Episode], _ measure: LifeMeasure, atLeast urgency: Urgency, in days: ClosedRange<Int>
    ) -> Int? {
        var best: (day: Int, number: Int)?
        for number in Set(episodes.map(\.pattern)).sorted() {
            let alarms = measure.days(of: episodes.filter { $0.pattern == number }, atLeast: urgency)
            guard let day = alarms.first(in: days) else { continue }
            if best.map({ day < $0.day }) ?? true { best = (day, number) }
        }
        return best?.number
    }
}
