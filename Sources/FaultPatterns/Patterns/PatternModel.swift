/// A tree ensemble that patterns may ask: as data, and ready to be computed.
public struct PatternModel: Sendable {
    public let form: EnsembleFormat
    public let ensemble: TreeEnsemble

    public var name: String { ensemble.name }

    /// - Throws: `ModelProblem`: what does not fit in it, and where.
    public init(_ form: EnsembleFormat) throws(ModelProblem) {
        self.form = form
        ensemble = try TreeEnsemble(form)
    }
}
