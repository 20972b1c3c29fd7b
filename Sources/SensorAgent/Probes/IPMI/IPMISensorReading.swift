import Glibc

/// The answer to Get Sensor Reading (section 35.14): a raw reading, whether it counts, and limits crossed or states.
struct IPMISensorReading: Hashable, Sendable {
    private static let thresholds: UInt8 = 0x01

    private let raw: UInt8
    /// Bits of offsets 0 to 14, or of the limits that are crossed.
    private let bits: UInt16

    /// nil where the sensor has no reading now: it is not scanned, or the BMC reports so.
    init?(parsing data: [UInt8]) {
        guard data.count >= 2, data[1] & 0x40 != 0, data[1] & 0x20 == 0 else { return nil }
        raw = data[0]
        bits = UInt16(data.count > 2 ? data[2] : 0) | UInt16(data.count > 3 ? data[3] & 0x7F : 0) << 8
    }

    /// The raw reading as the sensor's factors must be asked by it, where they are another for each reading (70h to
    /// 7Fh).
    static func factorsRequest(_ record: IPMISensorRecord, _ raw: UInt8) -> IPMIRequest? {
        guard record.linearization >= 0x70, record.format != .none else { return nil }
        return IPMIRequest(
            function: 0x04, command: 0x23, data: [record.number, raw], unit: record.unit, owner: record.owner,
            channel: record.channel)
    }

    static func request(_ record: IPMISensorRecord) -> IPMIRequest {
        IPMIRequest(
            function: 0x04, command: 0x2D, data: [record.number], unit: record.unit, owner: record.owner,
            channel: record.channel)
    }

    /// Sets what `sensor` reports now, as ipmitool would print it; numbers are finer than its three decimals.
    /// - Parameters:
    ///   - measuresWithStates: whether a sensor of states may measure too. The specification has no such sensor, and
    ///     of all makers HP alone means it so.
    func tell(_ sensor: inout IPMISensor, _ record: IPMISensorRecord, measuresWithStates: Bool) {
        let isThreshold = record.eventType == Self.thresholds
        let hasUnit = record.units[0] & 0x07 != 0 || record.units[1] != 0 || record.units[2] != 0
        let value = isThreshold || measuresWithStates && hasUnit ? Self.value(raw, record) : nil
        if let value { sensor.reading = .value(value, unit: record.unitName) }
        if isThreshold {
            sensor.status = crossed
            guard record.format == .none else { return }
            // A sensor that compares and shows no number.
            sensor.reading = .discrete
            sensor.states = crossed == "ok" ? [] : [crossed]
            return
        }
        if value == nil { sensor.reading = .discrete }
        sensor.status = "ok"
        let words = IPMIStateNames.words(type: record.type, eventType: record.eventType)
        sensor.states = (0..<15).compactMap { offset in
            bits >> UInt16(offset) & 1 == 1 && offset < words.count ? words[offset] : nil
        }
    }

    /// The farthest limit that is crossed, by its letters; lower ones are bits 0 to 2, upper ones 3 to 5.
    private var crossed: String {
        let order: [(UInt16, String)] = [(2, "lnr"), (5, "unr"), (1, "lcr"), (4, "ucr"), (0, "lnc"), (3, "unc")]
        return order.first { bits >> $0.0 & 1 == 1 }?.1 ?? "ok"
    }

    /// `y = L[(M x + B 10^K1) 10^K2]` (section 36.3); nil where the sensor measures nothing, or no number comes of it.
    static func value(_ raw: UInt8, _ record: IPMISensorRecord) -> Double? {
        guard let factors = record.factors else { return nil }
        let x: Int
        switch record.format {
        case .unsigned: x = Int(raw)
        case .onesComplement: x = raw & 0x80 != 0 ? -Int(~raw) : Int(raw)
        case .twosComplement: x = Int(Int8(bitPattern: raw))
        case .none: return nil
        }
        let sum = Double(factors.m * x) + scaled(Double(factors.b), factors.k1)
        let value = linearized(scaled(sum, factors.k2), record.linearization)
        return value.isFinite ? value : nil
    }

    /// Divides by a whole power of ten rather than multiplying by its inverse, so that 1206 10^-2 is 12.06.
    private static func scaled(_ value: Double, _ exponent: Int) -> Double {
        let power = (0..<abs(exponent)).reduce(1.0) { power, _ in power * 10 }
        return exponent < 0 ? value / power : value * power
    }

    /// Table 43-1, byte 24.
    private static func linearized(_ value: Double, _ function: UInt8) -> Double {
        switch function {
        case 0x01: log(value)
        case 0x02: log10(value)
        case 0x03: log2(value)
        case 0x04: exp(value)
        case 0x05: pow(10, value)
        case 0x06: exp2(value)
        case 0x07: 1 / value
        case 0x08: value * value
        case 0x09: value * value * value
        case 0x0A: value.squareRoot()
        case 0x0B: cbrt(value)
        default: value
        }
    }
}

/// Reads sensors one after another through a channel.
struct IPMISensorReader: Sendable {
    /// Sensors of one look that may time out inside the BMC before it is given up. A satellite controller that is
    /// switched off is given up at once, alone.
    static let timeoutsBorne = 2

    let channel: any IPMIChannel
    /// See `IPMISensorReading.tell`.
    var measuresWithStates = false

    /// `sensors` with their readings of now.
    /// - Parameter records: one for each; a sensor without one, or that sends events alone, has no reading.
    func readings(
        of sensors: [IPMISensor], _ records: [IPMISensorRecord?]
    ) async throws(IPMITransportError) -> [IPMISensor] {
        var timeouts = 0
        var silent: Set<UInt8> = []
        var result: [IPMISensor] = []
        for (sensor, record) in zip(sensors, records) {
            var sensor = sensor
            sensor.reading = .none
            sensor.status = nil
            sensor.states = nil
            defer { result.append(sensor) }
            guard var record, record.isRead, !silent.contains(record.owner) else { continue }
            let answer = try await channel.answer(to: IPMISensorReading.request(record))
            if answer.completion == IPMIResponse.timeout {
                guard record.owner == IPMIRequest.bmc else {
                    silent.insert(record.owner)
                    continue
                }
                timeouts += 1
                guard timeouts <= Self.timeoutsBorne else { throw .timedOut(after: IPMIProbe.answerPatience) }
            }
            guard let data = answer.granted, let reading = IPMISensorReading(parsing: data) else { continue }
            if let request = IPMISensorReading.factorsRequest(record, data[0]) {
                let answer = try await channel.answer(to: request)
                record.factors = answer.granted.flatMap { .init(parsing: $0.dropFirst().prefix(6)) }
            }
            reading.tell(&sensor, record, measuresWithStates: measuresWithStates)
        }
        return result
    }
}
