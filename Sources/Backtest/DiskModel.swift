import Reports

/// What a model's name shows of a drive.
struct DiskModel {
    var manufacturer: String?
    /// True where the name is that of a solid-state drive; false proves nothing.
    var isSolidState: Bool

    init(_ name: String) {
        manufacturer = DiskModel.makers.first { name.hasPrefix($0.prefix) }?.maker
        isSolidState = DiskModel.solidStateWords.contains { name.contains($0) }
    }

    private static let makers: [(prefix: String, maker: String)] = [
        ("Seagate", "Seagate"), ("ST", "Seagate"), ("ZA", "Seagate"), ("HGST", "HGST"), ("Hitachi", "Hitachi"),
        ("WDC", "Western Digital"), ("WUH", "Western Digital"), ("WD", "Western Digital"), ("TOSHIBA", "Toshiba"),
        ("MG", "Toshiba"), ("MQ", "Toshiba"), ("SAMSUNG", "Samsung"), ("Samsung", "Samsung"), ("INTEL", "Intel"),
        ("SSDSC", "Intel"), ("Micron", "Micron"), ("MTFD", "Micron"), ("Crucial", "Crucial"), ("CT", "Crucial"),
        ("KINGSTON", "Kingston"), ("SanDisk", "SanDisk"), ("DELLBOSS", "Dell"), ("HP", "HP"), ("ALIBABA", "Alibaba"),
    ]

    /// Parts of the names of solid-state drives in Backblaze's and Alibaba's fleets.
    private static let solidStateWords = [
        "SSD", "MTFD", "ZA250CM", "ZA500CM", "ZA2000CM", "DELLBOSS", "SAMSUNG MZ", "KINGSTON SA", "KINGSTON SEDC",
        "WDC WDS", "WDC  WDS", "SanDisk",
    ]

    /// Attributes that only solid-state drives report: wear (177, 233), erase failures (172, 176), life left (231).
    static func isOfSolidState(_ attribute: UInt64) -> Bool {
        switch attribute {
        case 172, 173, 176, 177, 231, 233: true
        default: false
        }
    }

    /// Attributes that only drives with a spindle report: spin-up, seek errors, spin retries, load cycles.
    static func isOfSpindle(_ attribute: UInt64) -> Bool {
        switch attribute {
        case 3, 7, 10, 193: true
        default: false
        }
    }
}
