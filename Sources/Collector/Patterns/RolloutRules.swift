import Reports

/// What a rollout is measured by, each figure with its reason.
struct RolloutRules: Hashable, Sendable {
    /// How long each ring runs a version before the next one does.
    var soak = PatternChannelSettings.defaultSoak
    /// A server that was not heard of for longer is not waited for: it joins the last ring when it comes back.
    var heardWithin = Duration.seconds(86_400)
    /// A server that is heard and does not answer for longer is not waited for either. A trial ends within an hour by itself.
    var answersWithin = Duration.seconds(86_400)
    /// How long a server is heard after the swap until it lives with a version: three heartbeats. Before that it is not told to more
    /// servers than do already, so that what hangs a server never has all of a ring at once.
    var settles: Duration { min(soak, .seconds(900)) }
    /// Servers below which chance is not reckoned with: of those that run the version before, none may be off by chance.
    static let crowd = 20
    /// Shares of the servers that run a version once a ring is full; each ring has one server more than the one before at least,
    /// and all but the last stay below their share. The first is one server alone: what crashes every server crashes one.
    static let shares = [0, 0.01, 0.1, 0.5, 1]
    /// Rings by their order.
    static var last: Int { shares.count - 1 }

    /// Up to so many of `count` servers may say something grave of a version before a person has to look: one in a hundred. Below
    /// twenty none may, for there one server is more than a twentieth.
    static func few(of count: Int) -> Int { count < 20 ? 0 : max(1, count / 100) }
    /// The same where less hangs on it: faults that end, orders that are only possible. One in twenty.
    static func some(of count: Int) -> Int { count < 20 ? 0 : count / 20 }
    /// The same of orders for parts of which something is known already: one in twenty, and one server always. A site of two whose
    /// disk fails gets what orders it, and what orders every part that somebody watches gets to no fleet.
    static func known(of count: Int) -> Int { max(1, count / 20) }
    /// The same of what is only watched: one in five.
    static func many(of count: Int) -> Int { count / 5 }

    /// The most that may come where `expected` is expected: three standard deviations of a Poisson distribution, which chance
    /// passes once in 700 times; and one beside it from twenty servers on, of which one may have a fault that nobody foresaw.
    /// - Parameter variance: of what is expected.
    static func bound(_ expected: Double, variance: Double = 0, servers: Int) -> Double {
        expected + 3 * (expected + variance).squareRoot() + (servers < 20 ? 0 : 1)
    }
}
