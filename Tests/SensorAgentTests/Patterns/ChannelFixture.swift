import Foundation
import PatternChannel
import PatternMirror
import Reports

@testable import SensorAgent

/// A channel that a test publishes into a folder, from which an agent takes it.
final class ChannelFixture {
    let folder: String
    private let rootKeys = (0..<2).map { _ in SigningKey() }
    private let online = SigningKey()
    private let pinned: Data
    private(set) var trusted: TrustedChannel
    private static let now = SpoolFixture.start

    init(in folder: String) throws {
        self.folder = folder
        let root = try ChannelPublisher.root(
            after: nil, rootKeys: rootKeys.map(\.publicKey), threshold: 2, onlineKeys: [online.publicKey],
            expires: Self.now + .seconds(90 * 86_400))
        pinned = try rootKeys.reduce(root) { try ChannelPublisher.sign($0, with: $1) }
        trusted = try TrustedChannel(pinned: pinned)
        try ChannelFiles.write([ChannelFile(path: ChannelPath.root(1), bytes: pinned)], to: folder)
    }

    /// Pins its root where an agent looks for it.
    func pin(_ name: String = "vendor", prefix: String? = nil, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try pinned.write(to: URL(filePath: "\(folder)/\(name).root.json"))
        if let prefix { try Data("\(prefix)\n".utf8).write(to: URL(filePath: "\(folder)/\(name).prefix")) }
    }

    /// Publishes a pack, or what stands there anew.
    /// - Returns: the new version, of timestamp and targets.
    @discardableResult
    func publish(_ pack: Data?, withdrawing withdrawn: [String] = [], restoring restored: Set<String> = []) async throws
        -> Int64
    {
        let packs = try pack.map { bytes in
            let report = try Self.contents(of: bytes)
            return [ChannelPublisher.Pack(name: "patterns.json", bytes: bytes, contents: report)]
        }
        var release = ChannelPublisher.Release(
            packs: packs, at: Self.now, lasts: .seconds(60 * 86_400), timestampLasts: .seconds(30 * 86_400))
        release.withdrawn = withdrawn.map { Withdrawal(pattern: $0, because: "it was wrong") }
        release.restored = restored
        try ChannelFiles.write(try ChannelPublisher.publish(release, in: trusted, keys: [online]), to: folder)
        let (next, _) = await ChannelSource.folder(folder).update(
            of: trusted, ChannelRules(channel: "maker"), at: Self.now, inspecting: { try Self.contents(of: $0) })
        trusted = next
        return next.timestamp?.content.version ?? 0
    }

    /// What a maker says of a pack that no engine may be able to read.
    private static func contents(of pack: Data) throws -> PackContents {
        struct Content: Decodable {
            struct Pattern: Decodable { var id, revision: String }
            var engineLevel: Int
            var patterns: [Pattern]

            enum CodingKeys: String, CodingKey {
                case engineLevel = "engine_level"
                case patterns
            }
        }
        let content = try JSONDecoder().decode(Content.self, from: pack)
        return PackContents(
            engineLevel: content.engineLevel,
            patterns: Dictionary(uniqueKeysWithValues: content.patterns.map { ($0.id, Int($0.revision) ?? 0) }))
    }

    /// What is trusted of a channel at this version, without files.
    static func shared(version: Int64) throws -> TrustedChannel {
        let (keys, online) = ((0..<2).map { _ in SigningKey() }, SigningKey())
        let root = try ChannelPublisher.root(
            after: nil, rootKeys: keys.map(\.publicKey), threshold: 2, onlineKeys: [online.publicKey],
            expires: now + .seconds(90 * 86_400))
        let pinned = try TrustedChannel(pinned: try keys.reduce(root) { try ChannelPublisher.sign($0, with: $1) })
        let contents = PackContents(engineLevel: 1, patterns: [:])
        let pack = ChannelPublisher.Pack(name: "patterns.json", bytes: Data("{}".utf8), contents: contents)
        var release = ChannelPublisher.Release(
            packs: [pack], at: now, lasts: .seconds(60 * 86_400), timestampLasts: .seconds(30 * 86_400))
        release.above = version - 1
        let files = try ChannelPublisher.publish(release, in: pinned, keys: [online])
        var update = ChannelUpdate(of: pinned, rules: ChannelRules(channel: "vendor"), at: now)
        while true {
            switch update.step {
            case .read(let path, _): update.take(files.first { $0.path == path }.map { .bytes($0.bytes) } ?? .absent)
            case .inspect: update.take(.contents(contents))
            case .ended: return update.trusted
            }
        }
    }
}
