/// What MegaCli prints as `Inquiry Data`: the columns in which a disk identifies itself, without anything between them.
///
/// ```
///       MK0311YHGXHPPAHitachi HDS723030ALA640                 MKAOA5C0   ATA: serial 20, model 40, firmware 8
/// HGST    HUH721010AL5200 LS142YGAPMLD                                   SCSI: vendor 8, product 16, revision 4, 20
/// ```
/// The columns are those of IDENTIFY DEVICE (ACS-4, words 10 to 46) and of SCSI's standard INQUIRY data (SPC-4, 6.6.2),
/// whose last 20 bytes are the maker's own: most write the serial number there, IBM the revision three times.
/// Whatever does not fit is not parted at all: a wrong serial number is worse than none.
struct MegaCLIInquiry: Hashable, Sendable {
    private(set) var manufacturer: String?
    private(set) var model: String
    private(set) var serial: String?
    private(set) var firmware: String

    private static let ataColumns = 20 + 40 + 8
    private static let scsiColumns = 8 + 16 + 4 + 20
    /// Signs of the serial numbers that makers write into the last columns of SCSI's data.
    private static let scsiSerialLengths = 8...16

    /// nil where the text is not surely of these columns.
    /// - Parameters:
    ///   - text: all that follows the colon.
    ///   - bus: `ata` or `sas`, as far as it is known.
    ///   - level: the end of the firmware's version, where it is printed on its own.
    init?(_ text: String, bus: String?, level: String?) {
        let bytes = [UInt8](text.utf8)
        // One blank parts the columns from the colon.
        guard bytes.first == 0x20, bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else { return nil }
        let columns = bytes.dropFirst()
        if columns.count == MegaCLIInquiry.ataColumns, bus != "sas" {
            self.init(ata: columns)
        } else if columns.count == MegaCLIInquiry.scsiColumns {
            self.init(scsi: columns)
            // A translation from SATA writes this in place of the maker's name.
            guard bus != "ata" || manufacturer == nil else { return nil }
        } else {
            return nil
        }
        if let level, !firmware.hasSuffix(level) { return nil }
    }

    private init?(ata columns: ArraySlice<UInt8>) {
        var columns = columns
        guard let serial = MegaCLIInquiry.word(&columns, 20), columns.first != 0x20,
            let model = PlaceholderText.removed(MegaCLIInquiry.take(&columns, 40)),
            let firmware = MegaCLIInquiry.word(&columns, 8)
        else { return nil }
        (self.serial, self.model, self.firmware) = (PlaceholderText.removed(serial), model, firmware)
    }

    private init?(scsi columns: ArraySlice<UInt8>) {
        var columns = columns
        guard columns.first != 0x20, let vendor = MegaCLIInquiry.word(&columns, 8), columns.first != 0x20,
            let product = MegaCLIInquiry.word(&columns, 16), let revision = MegaCLIInquiry.word(&columns, 4)
        else { return nil }
        (manufacturer, model, firmware) = (vendor == "ATA" ? nil : vendor, product, revision)
        if let word = MegaCLIInquiry.word(&columns, 20), MegaCLIInquiry.scsiSerialLengths.contains(word.count),
            word.allSatisfy({ $0.isLetter || $0.isNumber }), !word.contains(revision)
        {
            serial = PlaceholderText.removed(word)
        }
    }

    private static func take(_ columns: inout ArraySlice<UInt8>, _ count: Int) -> String {
        defer { columns = columns.dropFirst(count) }
        return String(decoding: columns.prefix(count), as: UTF8.self)
    }

    /// The one word in the next columns; nil where there is none, or more.
    private static func word(_ columns: inout ArraySlice<UInt8>, _ count: Int) -> String? {
        let words = take(&columns, count).split(separator: " ")
        return words.count == 1 ? String(words[0]) : nil
    }
}
