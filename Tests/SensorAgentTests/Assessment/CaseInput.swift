import FaultPatterns
import Foundation
import Reports

@testable import SensorAgent

/// What one case gives a probe: a file's text, or a tree.
struct CaseInput: Sendable {
    enum Content: Sendable {
        case text(String)
        /// A folder that stands for `/`.
        case tree(URL)
    }

    var probe: String
    var content: Content
    /// Keeps a changed tree as long as it is looked at.
    var scratch: ScratchFolder?

    init(probe: String, text: String) {
        self.probe = probe
        content = .text(text)
    }

    init(of expected: ExpectedCase) async throws {
        probe = expected.probe
        if let input = expected.input {
            content = .text(input.map { $0 + "\n" }.joined())
            return
        }
        let place = ExpectedCase.folder.appending(path: expected.id)
        guard !expected.id.hasPrefix("parsers/") else {
            content = .text(Recordings.text(place))
            return
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path)
        if let input = names.first(where: { $0.hasPrefix("input.") }) {
            content = .text(Recordings.text(place.appending(path: input)))
        } else if let root = names.first(where: { $0.hasPrefix("root") }),
            let tree = try await RecordedTree(place.appending(path: root))
        {
            content = .tree(tree.root)
        } else {
            throw CaseError(what: "\(expected.id) has neither input nor root")
        }
    }

    func isSame(as other: CaseInput) -> Bool {
        switch (content, other.content) {
        case (.text(let mine), .text(let others)): mine == others
        case (.tree(let mine), .tree(let others)): mine == others
        case (.text, .tree), (.tree, .text): false
        }
    }

    func assessment(by pack: PatternPack, at time: Timestamp, for length: Duration? = nil) async throws -> Assessment {
        let empty = try ScratchFolder()
        let probes: [any Probe]
        switch content {
        case .tree(let root): probes = AllProbes.make(tree: SysTree(root: root.path))
        case .text(let text):
            try empty.write("input", text)
            probes = AllProbes.make(
                tree: SysTree(root: empty.url.appending(path: "nothing").path),
                input: empty.url.appending(path: "input").path)
        }
        guard let probe = probes.first(where: { $0.name == probe }) else {
            throw CaseError(what: "no probe is called \(probe)")
        }
        let horizon = Assessment.Horizon(every: .seconds(60), length: length ?? Assessment.Horizon.standard.length)
        return await Assessment(with: [probe], at: time, by: pack, over: horizon)
    }
}
