import Daemon
import FoundationEssentials
import PatternChannel
import PatternMirror
import Reports
import Transfer

/// A channel of patterns that this collector mirrors: `channel.NAME.*` of the configuration.
struct PatternChannelSettings: Hashable, Sendable {
    var name: String
    /// An address with https://, a folder, or a file that ends in .tar.
    var source: String
    /// Path of the pinned root, which came by another way than the channel.
    var root: String
    /// Ids of patterns begin with it and a point; nil for a channel that may have any.
    var prefix: String?
    /// PEM file with the authority that the source's certificate must come from; nil for those of the system.
    var ca: String?
    /// How long each ring runs a version before the next one does.
    var soak = PatternChannelSettings.defaultSoak
    /// Servers by name or id that are first, and those that are last, to run a version.
    var first: [String] = []
    var last: [String] = []

    static let defaultSoak = Duration.seconds(3600)
    /// Between two looks at a source that answers.
    static let askingInterval = Duration.seconds(3600)
    /// Bytes of a name: it is a folder, and a part of a path that agents ask for.
    private static let nameBytes = 40

    var rules: ChannelRules { ChannelRules(channel: name, prefix: prefix) }
    func key(_ name: String) -> String { "channel.\(self.name).\(name)" }

    /// Every channel of a file; what is wrong or missing is gathered by the reader.
    static func all(in reader: inout ConfigurationReader) -> [PatternChannelSettings] {
        let names = reader.file.names(under: "channel")
        let all = names.compactMap { PatternChannelSettings(named: $0, &reader) }
        if names.count > WireLimits.channels, let name = names.last {
            reader.refuse(
                "channel.\(name).source", "there are \(names.count) channels; \(WireLimits.channels) is the limit")
        }
        return all
    }

    private init?(named name: String, _ reader: inout ConfigurationReader) {
        func key(_ part: String) -> String { "channel.\(name).\(part)" }
        guard let source = reader.text(key("source")), let root = reader.text(key("root")) else {
            for part in ["source", "root"] where reader.text(key(part)) == nil {
                reader.refuse(key(part), "it is missing: a channel needs a source, and a root that came by another way")
            }
            return nil
        }
        guard name.utf8.count <= PatternChannelSettings.nameBytes, NameRules.isHost(name), !name.hasPrefix(".") else {
            reader.refuse(
                key("source"),
                "the name of a channel has at most \(PatternChannelSettings.nameBytes) letters, digits, _ and -")
            return nil
        }
        (self.name, self.source, self.root) = (name, source, root)
        prefix = reader.text(key("prefix"))
        ca = reader.text(key("ca"))
        let day = Duration.seconds(86_400)
        soak = reader.duration(key("soak"), in: .seconds(1)...(day * 30)) ?? soak
        first = reader.list(key("first"))
        last = reader.list(key("last"))
    }

    init(name: String, source: String, root: String) { (self.name, self.source, self.root) = (name, source, root) }

    /// What is pinned.
    /// - Throws: what is wrong with the file, and what to do.
    func pinned() throws(PatternChannelProblem) -> TrustedChannel {
        let bytes = try PatternChannelSettings.read(root, atMost: PatternChannel.ChannelLimits.rootBytes)
        do { return try TrustedChannel(pinned: bytes) } catch { throw PatternChannelProblem("\(root): \(error)") }
    }

    /// - Throws: why there is no such source now.
    func opened() throws(PatternChannelProblem) -> ChannelSource {
        var trust = Trust.system
        if let ca {
            trust = .pinned(
                caPEM: String(decoding: try PatternChannelSettings.read(ca, atMost: 1 << 20), as: UTF8.self))
        }
        do { return try ChannelSource(named: source, trust: trust) } catch { throw PatternChannelProblem("\(error)") }
    }

    private static func read(_ path: String, atMost limit: Int) throws(PatternChannelProblem) -> Data {
        switch ChannelFiles.read(path, atMost: limit) {
        case .bytes(let bytes): return bytes
        case .tooLarge: throw PatternChannelProblem("\(path) is larger than \(limit) bytes")
        case .failed(let because): throw PatternChannelProblem("\(path) cannot be read: \(because)")
        case .absent, .contents, .unreadable: throw PatternChannelProblem("\(path): there is no such file")
        }
    }

    /// Its mirror in the data directory.
    func mirror(
        in data: String, pinned: TrustedChannel, patience: ChannelPatience = .standard
    ) -> ChannelMirror {
        ChannelMirror("\(data)/channels/\(name)", pinned: pinned, rules, patience: patience) {
            try PackContents(outlineOf: $0)
        }
    }
}

extension PatternChannelSettings {
    /// Copies its mirror into another data directory, verified as every reader does: so that the copy serves it where no line
    /// leads to the source. What is no part of the channel stays behind, and what is was bounded when it came.
    /// - Throws: why it is left out.
    func copyMirror(from data: String, to copy: String, at time: Timestamp) async throws {
        let pinned = try pinned()
        let held = mirror(in: data, pinned: pinned).folder
        // Nothing came yet.
        guard ChannelFiles.isFolder(held) else { return }
        let (_, ending) = try await mirror(in: copy, pinned: pinned).update(of: pinned, from: .folder(held), at: time)
        switch ending.refusal {
        case nil, .missing(ChannelPath.timestamp): return
        case .some(let refusal): throw PatternChannelProblem("\(refusal)")
        }
    }
}

/// Why a channel cannot be used as it is configured.
struct PatternChannelProblem: Error, Hashable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
