import FoundationEssentials
import Glibc
import PatternChannel
import Reports

/// A channel of patterns whose root somebody has put onto this server: the maker's package, or the administrator. No other is
/// ever asked for.
struct PinnedChannel: Sendable {
    var name: String
    var root: TrustedChannel
    /// To which the ids of its patterns are bound; nil for one that may have any.
    var prefix: String?

    /// Where roots lie, `NAME.root.json` and beside it `NAME.prefix`; the last folder decides where two have one name.
    static let folders = [packageFolder, standardFolder]
    static let packageFolder = "/usr/share/callhome/channels"
    static let standardFolder = "/etc/callhome/channels"

    private static let rootSuffix = ".root.json"
    /// Bytes of a prefix.
    private static let prefixBytes = 60

    /// Channels in the order of their names, and what cannot be used of the folders.
    static func read(_ folders: [String]) -> (channels: [PinnedChannel], problems: [String]) {
        var paths: [String: String] = [:]
        for folder in folders {
            for name in (try? SysTree().names(in: folder)) ?? [] where name.hasSuffix(rootSuffix) {
                paths[String(name.dropLast(rootSuffix.count))] = folder
            }
        }
        var channels: [PinnedChannel] = []
        var problems: [String] = []
        for (name, folder) in paths.sorted(by: { $0.key < $1.key }) {
            do throws(PatternStoreProblem) {
                guard channels.count < WireLimits.channels else {
                    throw PatternStoreProblem("there are more than \(WireLimits.channels) channels; it is left out")
                }
                channels.append(try PinnedChannel(name, in: folder))
            } catch {
                problems.append("\(folder)/\(name)\(rootSuffix): \(error)")
            }
        }
        return (channels, problems)
    }

    private init(_ name: String, in folder: String) throws(PatternStoreProblem) {
        guard ListedPack.isName(name) else {
            throw PatternStoreProblem("the name of a channel has at most 35 letters, digits, ., _ and -")
        }
        self.name = name
        do {
            let bytes = try SysTree().bytes(
                "\(folder)/\(name)\(PinnedChannel.rootSuffix)", limit: ChannelLimits.rootBytes)
            root = try TrustedChannel(pinned: Data(bytes))
        } catch {
            throw PatternStoreProblem("\(error)")
        }
        let text: String
        do throws(SysTreeError) { text = try SysTree().text("\(folder)/\(name).prefix") } catch {
            guard case .failed(_, ENOENT) = error else { throw PatternStoreProblem("\(name).prefix: \(error)") }
            return
        }
        guard (1...PinnedChannel.prefixBytes).contains(text.utf8.count), text.first != ".",
            text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) })
        else { throw PatternStoreProblem("\(name).prefix is no beginning of ids: letters, digits, ., _ and -") }
        prefix = text
    }
}
