import FoundationEssentials
import Reports

/// Which declarations were answered, and how: each is applied once, however often it arrives.
///
/// It is stored like a probe's cursor, in one transaction with the faults that it cleared.
struct AnsweredDeclarations: Codable {
    static let cursor = "declarations"
    /// Declarations remembered; the oldest is forgotten for the next.
    static let limit = 256

    private(set) var answers: [DeclarationAnswer] = []

    /// - Parameter cursor: as it was stored; one that cannot be read starts afresh.
    init(_ cursor: ProbeCursor?) {
        guard let cursor, let stored = try? WireFormat.decode(Self.self, from: Data(cursor.value.utf8)) else { return }
        self = stored
    }

    func answer(to id: String) -> DeclarationAnswer? { answers.first { $0.id == id } }

    mutating func add(_ answer: DeclarationAnswer) {
        answers.append(answer)
        if answers.count > Self.limit { answers.removeFirst(answers.count - Self.limit) }
    }

    /// nil where it cannot be written.
    var stored: ProbeCursor? {
        (try? WireFormat.encode(self)).map {
            ProbeCursor(probe: Self.cursor, value: String(decoding: $0, as: UTF8.self))
        }
    }
}
