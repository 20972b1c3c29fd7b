public import Reports

/// The time that the engine goes by. It goes on evenly, whatever the wall clock does: within a boot it is the time since
/// boot that counts and nothing else, so that every step of the wall clock cancels. A value; the caller stores it with
/// whatever it stores of the engine.
///
/// What passed between two boots only the wall clock knows. It is believed for a day, and for longer where something
/// keeps it right; else the time is owed, and added when the clock has been set right, or after a day of running.
public struct EngineClock: Hashable, Sendable, Codable {
    /// A moment on all clocks.
    public struct Anchor: Hashable, Sendable, Codable {
        /// The kernel's boot id.
        public var boot: String
        /// Milliseconds since boot, suspension included.
        public var uptime: Int64
        public var wall: Timestamp
        public var engine: Timestamp
    }

    /// The end of a boot after which nobody knows how long it was until the next: the two clocks then.
    private struct Owed: Hashable, Sendable, Codable {
        var wall: Timestamp
        var engine: Timestamp
    }

    /// The newest moment that was read.
    public internal(set) var anchor: Anchor
    private var owed: Owed?

    /// Milliseconds between two boots that a wall clock is believed which nothing keeps right, and of running after which
    /// it is believed whatever it shows.
    static let belief: Int64 = 24 * 3_600_000
    /// Milliseconds that nobody believes: a century.
    static let unbelievable: Int64 = 100 * 36_525 * 864_000
    /// Times at which a clock may begin: the years 1970 to 9000. Any other would leave no room to go on.
    static let beginnings = Timestamp(seconds: 0)...Timestamp(seconds: 221_845_392_000)
    /// Milliseconds by which wall time and engine time may differ and be told as one.
    static let unnoticed: Int64 = 1_000

    /// Begins; the engine's time is the wall clock's until that is set.
    /// - Parameter earliest: the newest time that is remembered, where there is something: time goes on from there.
    public init(at moment: Moment, notBefore earliest: Timestamp? = nil) {
        anchor = Anchor(
            boot: moment.boot, uptime: moment.uptime.inMilliseconds, wall: moment.time,
            engine: max(
                min(max(moment.time, EngineClock.beginnings.lowerBound), EngineClock.beginnings.upperBound),
                earliest ?? EngineClock.beginnings.lowerBound))
    }

    /// The engine's time at a moment; never before that of an earlier one.
    public mutating func read(_ moment: Moment) -> Timestamp {
        let uptime = moment.uptime.inMilliseconds
        var engine = anchor.engine
        // A boot whose time is behind is another one: a snapshot that was restored.
        if moment.boot == anchor.boot, uptime >= anchor.uptime {
            engine = engine.plus(uptime - anchor.uptime)
        } else {
            let gap = max(0, moment.time.milliseconds(since: anchor.wall))
            if gap <= EngineClock.belief || (EngineClock.isBelieved(moment) && gap < EngineClock.unbelievable) {
                engine = engine.plus(gap)
            } else {
                owed = owed ?? Owed(wall: anchor.wall, engine: anchor.engine)
            }
        }
        if let debt = owed, EngineClock.isBelieved(moment) {
            let passed = moment.time.milliseconds(since: debt.wall)
            let counted = engine.milliseconds(since: debt.engine)
            if passed > counted, passed < EngineClock.unbelievable { engine = engine.plus(passed - counted) }
            owed = nil
        }
        anchor = Anchor(boot: moment.boot, uptime: uptime, wall: moment.time, engine: engine)
        return engine
    }

    private static func isBelieved(_ moment: Moment) -> Bool {
        moment.isSynchronised || moment.uptime.inMilliseconds >= belief
    }

    // MARK: To and from the wall clock

    /// What the wall clock showed at a time of the engine, as far as is known now: for people.
    public func wall(of engine: Timestamp) -> Timestamp {
        let offset = anchor.wall.milliseconds(since: anchor.engine)
        return offset.magnitude < EngineClock.unnoticed.magnitude ? engine : engine.plus(offset)
    }

    /// A change with its times as the wall clock showed them.
    public func told(_ change: FaultChange) -> FaultChange {
        var change = change
        change.time = wall(of: change.time)
        change.fault = told(change.fault)
        return change
    }

    public func told(_ fault: Fault) -> Fault {
        var fault = fault
        fault.openedAt = wall(of: fault.openedAt)
        fault.updatedAt = wall(of: fault.updatedAt)
        for index in fault.evidence.indices { fault.evidence[index].time = wall(of: fault.evidence[index].time) }
        return fault
    }

    /// One look of a probe: what it was given as the time, on both clocks.
    public struct Look: Hashable, Sendable {
        public var wall: Timestamp
        public var engine: Timestamp

        public init(wall: Timestamp, engine: Timestamp) {
            self.wall = wall
            self.engine = engine
        }
    }

    /// The engine's time of what a look brought. What bears the look's own time has the look's; the stamp of another clock
    /// (a BMC's log, a message of the kernel) keeps its distance from it, and lies neither in the future nor, where the
    /// source was read before, before that.
    /// - Parameters:
    ///   - stamp: as the probe gave it.
    ///   - last: the engine's time of the look before at this source; nil for the first.
    ///   - now: the engine's.
    public static func time(
        of stamp: Timestamp, in look: Look, since last: Timestamp?, now: Timestamp
    ) -> Timestamp {
        if stamp == look.wall { return min(look.engine, now) }
        let time = look.engine.plus(stamp.milliseconds(since: look.wall))
        return min(max(time, last ?? time), now)
    }
}
