/// Units as they are shown to authors: by name, and as they stand in the catalogue.
enum UnitNames {
    /// UCUM units that have a name of their own.
    private static let names: [String: String] = [
        "%": "percent", "A": "amperes", "By": "bytes", "Cel": "degrees Celsius", "GT/s": "gigatransfers per second",
        "Gbit/s": "gigabits per second", "Hz": "hertz", "J": "joules", "Ohm": "ohms", "V": "volts", "W": "watts",
        "d": "days", "dBm": "decibels above a milliwatt", "h": "hours", "min": "minutes", "ms": "milliseconds",
        "s": "seconds", "{rpm}": "revolutions per minute",
    ]

    /// Seconds in the units of time other than the second.
    private static let seconds: [String: Double] = ["ms": 0.001, "min": 60, "h": 3_600, "d": 86_400]

    /// `degrees Celsius`, `sectors`, `bytes per second`; nil for a number without a unit.
    static func name(of unit: String) -> String? {
        if unit.isEmpty || unit == "1" { return nil }
        if let name = names[unit] { return name }
        if unit.hasSuffix("/s") {
            let counted = String(unit.dropLast(2))
            return "\(name(of: counted).map { "\($0) " } ?? "")per second"
        }
        guard unit.hasPrefix("{"), unit.hasSuffix("}") else { return unit }
        let word = unit.dropFirst().dropLast()
        return word.hasSuffix("y") ? "\(word.dropLast())ies" : "\(word)s"
    }

    /// Why two values of different units do not go together, and what to write instead.
    /// - Parameter doing: what is done with them: `compared`, `added`.
    static func mismatch(_ left: NumberProgram, _ right: NumberProgram, doing: String) -> String {
        let sides = [left, right].map { side in (side: side, unit: side.unit ?? "", name: name(of: side.unit ?? "")) }
        let told = sides.map { one in
            one.name.map { "\(one.side.words) is in \($0) (\(one.unit))" } ?? "\(one.side.words) has no unit"
        }
        var mend =
            "only values of one unit go together: take a plain number, which has the unit of the other side, or a "
            + "signal of the same unit"
        for (one, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
            // A length of time beside something else.
            guard case .constant(let value) = one.side.step, one.unit == "s" else { continue }
            if let seconds = UnitNames.seconds[other.unit], let name = other.name {
                mend = "write \(Quantity.digits(value / seconds)), which is taken in \(name)"
            } else {
                mend =
                    "write a plain number\(other.name.map { ", which is taken in \($0)" } ?? ""); how long a condition "
                    + "must hold stands under `for`"
            }
        }
        return "\(told[0]) and \(told[1]), so that they cannot be \(doing); \(mend)"
    }
}
