import Reports

/// Explains why a probe sees nothing and what would help: by its state, by what the machine is, and by the part that is
/// missed.
struct ProbeAdvice {
    private let coverage: [String: Heartbeat.Coverage]
    private let environment: HostEnvironment
    private let raidCards: [ComponentID: RaidCard]
    private let nvidiaCard: String?

    init(_ coverage: [Heartbeat.Coverage], _ components: [Component], _ environment: HostEnvironment) {
        self.coverage = Dictionary(coverage.map { ($0.probe, $0) }, uniquingKeysWith: { first, _ in first })
        self.environment = environment
        let byID = Dictionary(components.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        raidCards = byID.compactMapValues { RaidCard($0, card: $0.parent.flatMap { byID[$0] }) }
        nvidiaCard = components.first {
            $0.kind == .pcieDevice && $0.attributes["class"]?.hasPrefix("03") == true
                && $0.attributes["pci_id"]?.hasPrefix("10de") == true
        }.map { $0.part.model ?? $0.name }
    }

    func isRaidCard(_ controller: ComponentID) -> Bool { raidCards[controller] != nil }

    // MARK: A part that is there

    /// Why no probe reports a signal of a part.
    /// - Parameter drivers: of the memory, where places within a module are to be told apart; nil: nothing is.
    func advice(
        on signal: Signal, of part: ComponentID, _ kind: ComponentKind, drivers: [String]? = nil
    ) -> Advice {
        let sources = SignalSources.probes(of: signal.name, on: kind)
        if sources.contains("raid-controllers"), let card = raidCards[part], let advice = advice(on: card) {
            return advice
        }
        let known = sources.compactMap { coverage[$0] }
        if let trouble = known.first(where: { !$0.reads && $0.state != "absent" }) {
            return advice(on: trouble, seeking: kind)
        }
        if known.contains(where: \.reads) {
            if let driver = drivers?.first { return advice(on: signal, from: driver) }
            if drivers != nil, let counting = coverage["memory-errors"], !counting.reads {
                return advice(on: counting, seeking: kind)
            }
            return Advice("part.silent", "\(signal)")
        }
        return best(known, seeking: kind) ?? Advice("signal.untold", "\(signal)")
    }

    /// Why the kernel's driver for the memory does not tell where in a module an error was, or which bits were wrong.
    private func advice(on signal: Signal, from driver: String) -> Advice {
        let couldTell = MemoryDriver.couldTellBits(driver, bitsOption: environment.memoryBitsOption)
        guard signal.name == EventHearing.bits else {
            // Row and bank are told: it is the device that is not.
            let tellsRows = MemoryDriver.labels(toldBy: driver, bitsOption: nil).contains("row")
            return couldTell && tellsRows ? Advice("memory.bits.option") : Advice("memory.place", driver)
        }
        if couldTell { return Advice("memory.bits.option") }
        return MemoryDriver.isOfFirmware(driver) ? Advice("memory.bits.firmware") : Advice("memory.bits", driver)
    }

    /// What the device itself returns in place of a value.
    static func advice(on signal: Signal, _ because: Unavailable) -> Advice {
        let code = "value.\(because.rawValue)"
        let known: Set<Unavailable> = [
            .asleep, .denied, .readError, .malformed, .timedOut, .sensorFault, .unset, .notFinite,
            .notPlausible, .notPersistent,
        ]
        return known.contains(because)
            ? Advice(code, "\(signal)") : Advice("value.other", "\(signal)", because.rawValue)
    }

    // MARK: A part that is not there

    /// Why no part of a kind is known that this server must have, or is seen to have; nil where it may well lack it.
    func silence(of kind: ComponentKind) -> Advice? {
        if let advice = evidence(of: kind) { return advice }
        let finders = SignalSources.finders(of: kind)
        guard !finders.isEmpty else { return nil }
        let known = finders.compactMap { coverage[$0] }
        if let trouble = known.first(where: { !$0.reads && $0.state != "absent" }) {
            return advice(on: trouble, seeking: kind)
        }
        guard !known.contains(where: \.reads) else { return Advice("kind.silent") }
        return best(known, seeking: kind) ?? Advice("kind.silent")
    }

    /// Of a part that servers may lack, and that this one is seen to have.
    private func evidence(of kind: ComponentKind) -> Advice? {
        switch kind {
        case .ups, .upsBattery:
            guard let probe = coverage["ups"], !probe.reads else { return nil }
            let advice = advice(on: probe, seeking: kind)
            return advice.code == "ups.question" || probe.state == "disabled" ? nil : advice
        case .raidArray, .controller:
            return raidCards.sorted { $0.key < $1.key }.lazy.compactMap { advice(on: $0.value) }.first
        case .gpu:
            guard let probe = coverage["gpu"], !probe.reads, nvidiaCard != nil else { return nil }
            return advice(on: probe, seeking: kind)
        default: return nil
        }
    }

    private func advice(on card: RaidCard) -> Advice? {
        let programs = [card.program] + card.otherPrograms
        guard !card.isAsked, !card.program.isEmpty, environment.installed.isDisjoint(with: programs) else {
            return nil
        }
        return Advice("raid.tool", card.name, card.program, card.maker)
    }

    // MARK: A probe

    /// The first with something to do, else the first.
    private func best(_ absent: [Heartbeat.Coverage], seeking kind: ComponentKind) -> Advice? {
        // A server's own management controller reports most; chips of the board are for those that have none.
        let ordered =
            environment.hasBMC
            ? absent.filter { $0.probe == "ipmi" } + absent.filter { $0.probe != "ipmi" } : absent
        let advices = ordered.map { advice(on: $0, seeking: kind) }
        return advices.first(where: \.hasStep) ?? advices.first
    }

    /// - Parameter kind: the part that is missed.
    func advice(on probe: Heartbeat.Coverage, seeking kind: ComponentKind) -> Advice {
        let plain = Advice(probe) ?? Advice("kind.silent")
        guard probe.state == "absent" else { return plain }
        switch probe.probe {
        case "ipmi":
            guard environment.hasBMC else { return Advice("bmc.none") }
            guard environment.hasBMCDevice else { return Advice("bmc.driver") }
            return environment.installed.contains("ipmitool") ? plain : Advice("bmc.tool")
        case "redfish":
            guard environment.hasBMC else { return Advice("bmc.none") }
            return environment.asksRedfish ? plain : Advice("redfish.address")
        case "chip-sensors": return sensorChips(seeking: kind) ?? plain
        case "memory-errors":
            if environment.isVirtual { return Advice("ecc.virtual") }
            if environment.hasECC == false { return Advice("ecc.none") }
            return environment.memoryDriver.map { Advice("ecc.driver", $0) } ?? Advice("ecc.hidden")
        case "disk-health": return environment.installed.contains("smartctl") ? plain : Advice("smartctl")
        case "ups":
            if environment.installed.contains("upsd") { return Advice("ups.silent") }
            return environment.ups.map { Advice("ups.attached", $0) } ?? Advice("ups.question")
        case "raid-controllers":
            return raidCards.sorted { $0.key < $1.key }.lazy.compactMap { advice(on: $0.value) }.first ?? plain
        case "machine-checks": return Advice("tracefs")
        case "gpu": return nvidiaCard.map { Advice("gpu.driver", $0) } ?? plain
        default: return plain
        }
    }

    /// Chips of the board itself: they report heat, fans and voltages, and no other part.
    private func sensorChips(seeking kind: ComponentKind) -> Advice? {
        if environment.isVirtual { return Advice("sensors.virtual") }
        switch (kind, environment.processor) {
        case (.temperature, .intel): return Advice("sensors.processor", "coretemp")
        case (.temperature, .amd): return Advice("sensors.processor", "k10temp")
        case (.fan, _), (.voltage, _), (.boardBattery, _), (.intrusion, _): return Advice("sensors.board")
        default: return nil
        }
    }

    // MARK: Questions

    /// What only a person on the spot knows: parts that the machine may have, and that nobody could see.
    var questions: [Advice] {
        var questions: [Advice] = []
        if let ups = coverage["ups"], ups.state == "absent" {
            let advice = advice(on: ups, seeking: .ups)
            if advice.code == "ups.question" { questions.append(advice) }
        }
        // The BMC that answers locally reports most; where it does not, its address is a task already.
        if environment.hasBMC, !environment.asksRedfish, coverage["redfish"]?.state == "absent" {
            questions.append(Advice("redfish.address"))
        }
        return questions
    }
}
