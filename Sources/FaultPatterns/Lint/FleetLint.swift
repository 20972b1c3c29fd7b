import Reports

/// What a fleet shows of patterns: how many drives that never failed they would have had exchanged.
extension PatternLint {
    /// Drives of one model that did not fail, and on how many of them each pattern made a ticket.
    public struct HealthyModel: Sendable {
        public var name: String
        public var drives: Int
        /// By the pattern's name.
        public var alarmed: [String: Int]

        public init(name: String, drives: Int, alarmed: [String: Int]) {
            self.name = name
            self.drives = drives
            self.alarmed = alarmed
        }
    }

    /// Drives of a model from which on a share of them means something.
    public static let fleetDrives = 200
    /// Share of a model's healthy drives on which a pattern may make a ticket.
    public static let healthyShare = 0.01

    /// How many of the models have healthy drives enough to be judged by.
    public static func judged(_ models: [HealthyModel]) -> (models: Int, tooFew: Int) {
        let judged = models.count { $0.drives >= fleetDrives }
        return (judged, models.count - judged)
    }

    /// Active patterns of urgency plan or order that hold on too many healthy drives of a model.
    public func findings(onHealthy models: [HealthyModel]) -> [LintFinding] {
        var found: [LintFinding] = []
        for file in shipped where file.pattern.status == .active {
            for model in models where model.drives >= PatternLint.fleetDrives {
                let count = model.alarmed[file.pattern.id] ?? 0
                let share = Double(count) / Double(model.drives)
                guard share > PatternLint.healthyShare else { continue }
                found.append(
                    LintFinding(
                        .fleet, of: file.pattern.id, at: file.pattern.condition.location,
                        "makes a ticket on \(Quantity.digits(share * 100)) % of the healthy drives of \(model.name) "
                            + "(\(count) of \(model.drives); the limit is "
                            + "\(Quantity.digits(PatternLint.healthyShare * 100)) %)",
                        mend: "raise its limits, add a variant for the model, or put it on trial (status: shadow)"))
            }
        }
        return found
    }
}
