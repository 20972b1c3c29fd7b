/// The output of any program for RAID controllers, told apart by what stands in it.
enum ControllerOutput {
    /// Why an output lists no controller.
    struct Refusal: Error, Hashable { var because: String }

    static func controllers(_ bytes: [UInt8]) throws(Refusal) -> [RaidController] {
        if let first = bytes.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") {
            do throws(StorcliReport.Refusal) {
                return try StorcliReport(parsing: bytes).controllers
            } catch {
                throw Refusal(because: error.description)
            }
        }
        if let report = StorcliReport(text: bytes) { return report.controllers }
        let lines = KeyValueLines(bytes)
        if let report = SmartArrayReport(lines) { return report.controllers }
        if let report = IntegratedRAIDReport(lines) { return report.controllers }
        if let report = ArcconfReport(lines) { return report.controllers }
        if let report = MegaCLIReport(lines) { return report.controllers }
        throw Refusal(
            because:
                "is no output of storcli, perccli, ssacli, arcconf, sas3ircu, MegaCli or their elders that names a "
                + "controller")
    }
}
