extension SignalCatalogue {
    /// Labels that follow a form instead of a list of values.
    private static let forms: [String: (suffixes: [String], words: String)] = [
        "hw.physical_disk.smart": ([".raw"], "an attribute from 1 to 255 and `.raw`, such as 197.raw"),
        "hw.physical_disk.smart.normalized": (
            [".value", ".worst", ".thresh"],
            "an attribute from 1 to 255 and `.value`, `.worst` or `.thresh`, such as 5.value"
        ),
        "hw.physical_disk.smart.failing": ([""], "an attribute from 1 to 255, such as 5"),
    ]

    /// Why no probe will ever report such a signal, although the catalogue allows any text for the label: its form is
    /// another. Nil where nothing is wrong with it.
    public static func formObjection(to signal: Signal) -> String? {
        guard let form = forms[signal.name], let value = signal[label: "attribute"] else { return nil }
        for suffix in form.suffixes where value.hasSuffix(suffix) {
            let number = value.dropLast(suffix.count)
            if let attribute = UInt8(number), attribute > 0, String(attribute) == number { return nil }
        }
        return "\(signal.name){attribute=\"\(value.prefix(40))\"}: the label is \(form.words)"
    }
}
