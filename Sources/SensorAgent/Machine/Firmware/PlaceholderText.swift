/// What firmware writes where it has no value.
enum PlaceholderText {
    /// `text` without blanks around it; nil where it is a placeholder (`To Be Filled By O.E.M.`, `NO DIMM`, `0x000`).
    static func removed(_ text: String?) -> String? {
        guard let text else { return nil }
        let printable = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0xFFFD ? " " : Character($0) }
        let trimmed = String(printable).split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        let bare = trimmed.lowercased().filter { $0.isLetter || $0.isNumber }
        guard !bare.isEmpty, !words.contains(bare), !beginnings.contains(where: { bare.hasPrefix($0) }) else {
            return nil
        }
        // 0000, 0x000, FFFFFFFF, XXXX, 00-00-00: one sign over and over.
        let digits = bare.hasPrefix("0x") ? bare.dropFirst(2) : bare[...]
        let sign = digits.first ?? "0"
        if digits.allSatisfy({ $0 == sign }), sign == "0" || ("fx".contains(sign) && digits.count > 1) { return nil }
        return trimmed
    }

    /// `text` as a serial number; nil where it is none: filler, one sign over and over (`1111`), the keys of a
    /// keyboard in their order (`0123456789ABCDEF`).
    static func serial(_ text: String?) -> String? {
        guard let serial = removed(text) else { return nil }
        let bare = serial.lowercased().filter { $0.isLetter || $0.isNumber }
        if bare.count > 2, Set(bare).count == 1 { return nil }
        let isRow =
            bare.count > 4
            && ["0123456789abcdef", "123456789abcdef", "abcdefghijklm"].contains {
                $0.hasPrefix(bare)
            }
        return isRow ? nil : serial
    }

    private static let words: Set<String> = [
        "tobefilledbyoem", "tobefilledbyvendor", "oem", "none", "null", "na", "nodimm", "notspecified", "notprovided",
        "notpresent", "notavailable", "notapplicable", "notsettable", "empty", "unknown", "undefined", "unspecified",
        "default", "defaultstring", "systemmanufacturer", "systemproductname", "systemversion", "systemserialnumber",
        "systemname", "baseboardmanufacturer", "boardversion", "boardserialnumber", "chassismanufacturer",
        "chassisversion", "chassisserialnumber", "productname", "invalid", "nodata", "manufacturer",
        "modulemanufacturer",
        "serialnumber", "partnumber", "serial", "sernum", "partnum", "filledbyoem", "xxxx", "123456789", "0123456789",
        "1234567890", "12345678", "01234567890123456789ab", "03142563", "fillbyoem", "assettag", "bank", "emptyempty",
    ]
    private static let beginnings = [
        "tobefilled", "dimmserialnumber", "arraypartnumber", "moduleserialnumber", "modulepartnumber", "sernum",
        "partnum", "manufacturer0", "manufacturer1", "array1", "noneassigned", "notfilled", "serialnotfound",
        "noassetinfo",
    ]
}
