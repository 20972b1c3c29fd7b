/// What is wrong with a model, where in it, and how to mend it.
public struct ModelProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// `tree 3, split 17`; nil where it is the model as a whole. Trees, splits and leaves count from 0, as in the file.
    public var place: String?
    public var message: String

    public init(_ message: String, at place: String? = nil) {
        self.place = place
        self.message = message
    }

    public var description: String { place.map { "\($0): \(message)" } ?? message }

    /// What a JSON decoder could not read, with the path to it.
    init(decoding error: any Error) {
        switch error {
        case let problem as ModelProblem: self = problem
        case DecodingError.keyNotFound(let key, let context):
            self.init("the key `\(key.stringValue)` is missing", at: Self.path(context))
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            self.init("this is of the wrong type", at: Self.path(context))
        case DecodingError.dataCorrupted(let context):
            self.init(
                context.codingPath.isEmpty ? "it is not JSON" : "this number or text cannot be read",
                at: Self.path(context))
        default: self.init("it is not JSON")
        }
    }

    private static func path(_ context: DecodingError.Context) -> String? {
        guard !context.codingPath.isEmpty else { return nil }
        let path = context.codingPath.prefix(12).map {
            $0.intValue.map(String.init) ?? String($0.stringValue.prefix(60))
        }
        return path.joined(separator: ".")
    }
}
