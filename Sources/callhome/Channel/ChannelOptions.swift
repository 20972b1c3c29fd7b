import ArgumentParser
import PatternChannel
import Reports

/// What whoever reads a channel has been told of it beforehand.
struct ChannelOptions: ParsableArguments {
    @Option(help: "The pinned root, which came by another way than the channel: 1.root.json.", completion: .file())
    var root: String

    @Option(
        help:
            "Refuse packs that hold or withdraw a pattern whose id does not begin with this and a point: a partner's channel."
    )
    var prefix: String?

    @Option(help: "Refuse a channel whose timestamp.json is of a lower version: what a receipt told of it.")
    var atLeast: Int64?

    private static let name = "channel"
    var rules: ChannelRules { ChannelRules(channel: ChannelOptions.name, prefix: prefix) }
    var floor: ChannelFloor? {
        atLeast.map { ChannelFloor(channel: ChannelOptions.name, timestampVersion: $0) }
    }
}
