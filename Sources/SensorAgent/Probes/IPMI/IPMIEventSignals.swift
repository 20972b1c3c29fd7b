import Reports

/// Entries of the event log as observations on the components that the sensors made.
///
/// An event bears the time of its entry, and that of the look where the entry's cannot be: it is missing, is after the
/// look, or so far before it that the clock must have been wrong. A state bears the time of the look: it lasts.
struct IPMIEventSignals: Sendable {
    private(set) var components: [Component] = []
    private(set) var observations: [Observation] = []

    private let parts: IPMIParts
    private let sensors: [UInt8: IPMISensor]
    private let time: Timestamp
    private let clock: UInt32?
    private let oldest: Duration

    /// An entry that is news, and older than this, was written by a clock that was wrong.
    static let oldestNews = Duration.seconds(31 * 86_400)
    /// Of a recorded log, entries of any age are reported.
    static let anyAge = Duration.seconds(1 << 31)

    private struct LastingState: Hashable {
        var component: ComponentID
        var signal: Signal
    }

    /// Of the event that is being added.
    private var eventTime: Timestamp

    /// Where in `observations` a lasting state stands.
    private var lasting: [LastingState: Int] = [:]

    /// - Parameters:
    ///   - sensors: the BMC's sensors, which supply the names that an entry has only the number of.
    ///   - clock: what the clock that dated the entries shows at the look; nil: it goes right.
    ///   - oldest: the age from which on an entry's time is not believed.
    init(
        _ events: [IPMIEvent], sensors: [IPMISensor] = [], parts: IPMIParts, clock: UInt32? = nil,
        oldest: Duration = IPMIEventSignals.oldestNews, at time: Timestamp
    ) {
        self.parts = parts
        self.clock = clock
        self.oldest = oldest
        self.time = time
        eventTime = time
        self.sensors = Dictionary(
            sensors.compactMap { sensor in sensor.number.map { ($0, sensor) } }, uniquingKeysWith: { first, _ in first }
        )
        for (event, isOver) in zip(events, IPMIEventEndings(events).areOver) { add(event, isOver: isOver) }
    }

    /// When it happened.
    private func time(of event: IPMIEvent) -> Timestamp {
        guard let seconds = event.seconds else { return time }
        let own = clock.map { time - .seconds(Int64($0) - Int64(seconds)) } ?? Timestamp(seconds: Int64(seconds))
        return own <= time && time - own <= oldest ? own : time
    }

    private mutating func add(_ event: IPMIEvent, isOver: Bool) {
        eventTime = time(of: event)
        let sensor = event.number.flatMap { sensors[$0] }
        let name = event.name ?? sensor?.name ?? event.number.map { "sensor \(hexadecimal(UInt64($0), digits: 2))h" }
        let unnamed = event.name == nil && sensor == nil ? event.number : nil
        var part =
            unnamed.flatMap { parts.part(number: $0, type: event.type) }
            ?? parts.part(name: name ?? "log", type: event.type, entity: sensor?.entity)
            ?? parts.processor(of: event) ?? IPMIParts.board
        // A sensor of all modules, whose entry names the one.
        if event.type == IPMIStates.memory, part.kind != .dimm, let module = parts.module(in: event.words) {
            part = module
        }
        if event.type == IPMIStates.fan, let name {
            let fan = IPMISensorSignals.fanName(name)
            part = Component(id: ComponentID(.fan, "ipmi/\(fan)"), kind: .fan, name: fan, part: Part(location: fan))
        }
        if event.type == IPMIStates.processor, part.kind == .board, let name {
            part = Component(
                id: ComponentID(.cpu, "ipmi/\(name)"), kind: .cpu, parent: IPMIParts.board.id,
                name: "processor of \(name)")
        }
        let state = event.isAssertion ? "asserted" : "deasserted"
        add(
            part, Signal("hw.event_log.entry", ["sensor": name ?? "none", "state": state]),
            .event("\(name.map { "\($0): " } ?? "")\(event.words), \(state)"))
        addRedundancy(event)
        if event.isAssertion, !isOver, let severity = IPMIEventSeverity(event) {
            addGrave(event, severity, name, part)
        }
        guard let offset = event.offset, let type = event.type else { return }
        addMeaning(event, type, offset, part)
    }

    private mutating func addGrave(
        _ event: IPMIEvent, _ severity: IPMIEventSeverity, _ name: String?, _ part: Component
    ) {
        if part.kind == .boardBattery {
            // Below its lower critical limit the cell is empty, however its maker calls the state. Too high a voltage is the
            // board's.
            let isHigh = IPMIStates.plain(event.state).hasPrefix("upper")
            guard isHigh else { return set(part, Signal("hw.battery.state"), .state("replace")) }
        }
        let told = part.kind == .boardBattery ? IPMIParts.board : sensorPart(event, name, part)
        add(told, Signal("hw.logged_event", ["severity": severity.rawValue]), .event(event.words))
    }

    /// What a crossed limit is of: the sensor itself, as its readings are.
    private func sensorPart(_ event: IPMIEvent, _ name: String?, _ part: Component) -> Component {
        let kinds: [UInt8: ComponentKind] = [
            IPMIStates.temperature: .temperature, IPMIStates.voltage: .voltage, IPMIStates.current: .current,
        ]
        guard let type = event.type, let kind = kinds[type], let name else { return part }
        return Component(
            id: ComponentID(kind, "ipmi/\(name)"), kind: kind, parent: part.kind == .chassis ? nil : part.id, name: name
        )
    }

    /// A reserve that is lost or back: of supplies and fans the server's, of memory that of the modules.
    private mutating func addRedundancy(_ event: IPMIEvent) {
        guard let type = event.type, let told = IPMIStates.redundancy(event.state) else { return }
        // What was lost and is not any more is there again; that it is not full any more says nothing of the rest.
        guard event.isAssertion || told != .full else { return }
        let redundancy = event.isAssertion ? told : .full
        switch type {
        case IPMIStates.powerSupply, IPMIStates.powerUnit:
            set(IPMIParts.chassis, Signal("hw.psu.redundancy"), .state(redundancy.rawValue))
        case IPMIStates.fan, IPMIStates.cooling:
            set(IPMIParts.chassis, Signal("hw.fan.redundancy"), .state(redundancy.rawValue))
        case IPMIStates.memory where redundancy == .lost:
            let memory = Component(
                id: ComponentID(.memoryController, "ipmi/memory"), kind: .memoryController,
                parent: IPMIParts.board.id, name: "memory")
            add(memory, Signal("hw.memory.spared"), .event(event.words))
        default: return
        }
    }

    private mutating func addMeaning(_ event: IPMIEvent, _ type: UInt8, _ offset: Int, _ part: Component) {
        let asserted = Measurement.state(event.isAssertion ? "asserted" : "clear")
        switch (type, part.kind) {
        case (IPMIStates.processor, .cpu):
            guard offset < IPMISensorSignals.processorOffsets.count,
                let word = IPMISensorSignals.processorOffsets[offset]
            else { return }
            add(part, Signal("hw.cpu.state", ["offset": word]), asserted)
        case (IPMIStates.powerSupply, .psu):
            guard let word = IPMISensorSignals.supplyOffsets.first(where: { $0.1.contains(offset) })?.0 else { return }
            set(part, Signal("hw.psu.state", ["offset": word]), asserted)
        case (IPMIStates.driveSlot, .slot) where offset == 1:
            set(part, Signal("hw.enclosure.slot"), .state(event.isAssertion ? "fault" : "ok"))
        case (IPMIStates.battery, _) where offset < 2:
            let word = event.isAssertion ? offset == 1 ? "failed" : "replace" : "ok"
            set(part, Signal("hw.battery.state"), .state(word))
        case (IPMIStates.physicalSecurity, .intrusion) where [0, 1, 2, 3, 6].contains(offset):
            set(part, Signal("hw.intrusion"), asserted)
        case _ where !event.isAssertion: return
        case (IPMIStates.memory, .dimm), (IPMIStates.memory, .memoryController):
            addMemory(event, offset, part)
        case (IPMIStates.eventLogging, _) where offset == 0:
            let controller = Component(
                id: ComponentID(.memoryController, "ipmi/memory"), kind: .memoryController,
                parent: IPMIParts.board.id, name: "memory")
            add(controller, Signal("hw.memory.correction_limit"), .event(event.words))
        case (IPMIStates.watchdog, _) where (1...3).contains(offset), (IPMIStates.watchdog1, _):
            add(IPMIParts.board, Signal("hw.watchdog"), .event(event.words))
        case (IPMIStates.criticalInterrupt, _):
            let severities = [4: "nonfatal", 5: "fatal", 7: "correctable", 8: "nonfatal", 10: "fatal"]
            guard let severity = severities[offset] else { return }
            let card = IPMIParts.card(in: event.words)
            add(card, Signal("hw.pcie.error", ["severity": severity]), .event(event.words))
        default: return
        }
    }

    private mutating func addMemory(_ event: IPMIEvent, _ offset: Int, _ part: Component) {
        switch offset {
        case 0: add(part, Signal("hw.memory.error", ["error.type": "corrected"]), .event(event.words))
        case 1: add(part, Signal("hw.memory.error", ["error.type": "uncorrected"]), .event(event.words))
        case 2: add(part, Signal("hw.memory.address_parity"), .event(event.words))
        case 5: add(part, Signal("hw.memory.correction_limit"), .event(event.words))
        case 8: add(part, Signal("hw.memory.spared"), .event(event.words))
        default: return
        }
    }

    /// A state that lasts until the log reports another: of several entries the newest counts.
    private mutating func set(_ part: Component, _ signal: Signal, _ measurement: Measurement) {
        let state = LastingState(component: part.id, signal: signal)
        if let place = lasting[state] {
            observations[place].measurement = measurement
            return
        }
        lasting[state] = observations.count
        add(part, signal, measurement)
    }

    private mutating func add(_ part: Component, _ signal: Signal, _ measurement: Measurement) {
        if !components.contains(where: { $0.id == part.id }) { components.append(part) }
        let isEvent = if case .event = measurement { true } else { false }
        observations.append(
            Observation(
                component: part.id, signal: signal, measurement: measurement, time: isEvent ? eventTime : time))
    }
}

extension ProbeResult {
    /// Takes the events up. A state that the log shows as asserted since the last look counts in this one, though the
    /// sensor may be clear again: a processor that tripped is cool after the restart.
    mutating func add(_ events: IPMIEventSignals) {
        for component in events.components where !components.contains(where: { $0.id == component.id }) {
            components.append(component)
        }
        struct Key: Hashable {
            var component: ComponentID
            var signal: Signal
        }
        let told = Set(
            events.observations.filter { $0.measurement == .state("asserted") }
                .map { Key(component: $0.component, signal: $0.signal) })
        observations.removeAll { told.contains(Key(component: $0.component, signal: $0.signal)) }
        let known = Set(observations.map { Key(component: $0.component, signal: $0.signal) })
        // What the sensor reports now is newer than what the log contains.
        observations += events.observations.filter { observation in
            guard case .state(let word) = observation.measurement, word != "asserted" else { return true }
            return !known.contains(Key(component: observation.component, signal: observation.signal))
        }
    }
}
