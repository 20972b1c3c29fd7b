import FaultPatterns
import Foundation

/// Models that LightGBM and XGBoost trained (Tests/Fixtures/Models/make.py), and what they say of some rows.
struct ModelFixtures {
    private struct Content: Decodable {
        var features: [String]
        var rows: [[Cell]]
        var expected: [String: [Double]]
        var baseScore: String
    }

    enum Cell: Decodable {
        case missing
        case number(Double)
        case text(String)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .missing
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .appending(path: "Fixtures/Models")

    private let content: Content
    let baseScore: Double

    init() throws {
        content = try JSONDecoder().decode(Content.self, from: try Self.data("expected.json"))
        baseScore = Double(content.baseScore) ?? .nan
    }

    static func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

    static func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }

    /// The columns' categories, in the trainers' order.
    var categories: [String: [String]] {
        get throws {
            let form = try ModelImport.form(of: try Self.data("lightgbm.txt"), .init(name: "m")).form
            var categories: [String: [String]] = [:]
            for feature in form.features { categories[feature.name] = feature.categories }
            return categories
        }
    }

    func expected(_ trainer: String) -> [Double] { content.expected[trainer] ?? [] }

    /// The rows as the ensemble takes them.
    func rows(for ensemble: TreeEnsemble) -> [[Double]] {
        content.rows.map { row in
            ensemble.features.indices.map { index in
                guard let column = content.features.firstIndex(of: ensemble.features[index].name) else { return .nan }
                switch row[column] {
                case .missing: return .nan
                case .number(let number): return number
                case .text(let text): return ensemble.value(of: text, for: index)
                }
            }
        }
    }
}
