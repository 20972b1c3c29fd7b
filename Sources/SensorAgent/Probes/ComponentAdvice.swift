import Reports

/// Advice that a probe leaves on a component, in attributes that the coverage reads.
enum ComponentAdvice {
    static let code = "problem"
    static let file = "problem_file"
    static let detail = "problem_detail"

    /// nil where the check returns values.
    static func advice(ofCheck check: Component) -> Advice? {
        guard check.kind == .check, let code = check.attributes[code] else { return nil }
        var advice = Advice(code, check.attributes[file] ?? check.name)
        if let detail = check.attributes[detail] { advice.values.append(detail) }
        return advice
    }
}
