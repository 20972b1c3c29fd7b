import Reports

/// A declaration about a part on its way to the agent, and what became of it.
struct DeclaredPart: Hashable, Sendable, Codable {
    var declaration: PartDeclaration
    /// The case that it was made on; nil where somebody named the part.
    var caseNumber: String?
    /// nil while the agent has not answered.
    var answer: DeclarationAnswer?
}
