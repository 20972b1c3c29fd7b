/// One sensor of a baseboard management controller, as any of the tools that query one print it.
struct IPMISensor: Hashable, Sendable {
    /// What a sensor belongs to (Intelligent Platform Management Interface specification 2.0, table 43-13).
    struct Entity: Hashable, Sendable {
        var id: UInt8
        var instance: UInt8

        init(id: UInt8, instance: UInt8) {
            self.id = id
            self.instance = instance
        }

        /// `3.1`, as ipmitool writes it.
        init?(parsing text: some StringProtocol) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let id = UInt8(parts[0]), let instance = UInt8(parts[1]) else { return nil }
            self.id = id
            self.instance = instance
        }
    }

    enum Reading: Hashable, Sendable {
        case value(Double, unit: String)
        /// A sensor of states; which of them are asserted stands in `states`.
        case discrete
        /// The BMC gives no reading now: not scanned, disabled, no such part.
        case none
    }

    var name: String
    /// Number within the BMC; unlike the name it is unique.
    var number: UInt8?
    var entity: Entity?
    /// Sensor type code (table 42-3): 01h temperature … 08h power supply.
    var type: UInt8?
    /// The tool's word for the type where it gives no code.
    var typeName: String?
    var reading: Reading = .none
    /// What it would measure in, where the tool prints that without a reading too.
    var unit: String?
    /// `lnr`, `lcr`, `lnc`, `unc`, `ucr`, `unr` (lower non-recoverable … upper non-recoverable) in the reading's unit.
    var limits: [String: Double] = [:]
    /// `ok`, or the limit that is crossed by its letters, or `nc`, `cr`, `nr` where the tool does not print which side;
    /// nil where the BMC judges nothing.
    var status: String?
    /// The asserted states in the tool's words; nil where the tool did not print them.
    var states: [String]?
    /// The asserted states by offset, where the tool gives them in bits (`0x0180` of `ipmitool sensor`).
    var offsets: Set<Int>?
    /// States that the sensor can report, in the tool's words.
    var possibleStates: [String] = []

    init(name: String) { self.name = name }
}

/// Why an output was not taken.
struct IPMIRefusal: Error, Hashable, CustomStringConvertible {
    var description: String
}
