import Reports

/// `storcli /call show all J` and `storcli /call/eall/sall show all J`, also of perccli: Broadcom's MegaRAID and its
/// cousins, as JSON.
struct StorcliReport: Sendable {
    /// Controllers and disks taken.
    static let controllerLimit = 64
    static let diskLimit = 2_048

    /// Why a text lists no controller.
    enum Refusal: Error, Hashable, CustomStringConvertible {
        case malformed(String)
        /// The program itself reports that it found nothing, or failed.
        case failed(String)
        case nothing

        var description: String {
            switch self {
            case .malformed(let problem): "damaged: \(problem)"
            case .failed(let message): "storcli says: \(message)"
            case .nothing: "names neither a controller nor a disk"
            }
        }
    }

    private(set) var controllers: [RaidController] = []

    init(parsing bytes: [UInt8]) throws(Refusal) {
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: bytes)
        } catch {
            throw .malformed(error.problem)
        }
        try self.init(tree: tree)
    }

    /// What storcli prints without `J`, where it is that.
    init?(text bytes: [UInt8]) {
        guard let tree = StorcliText.tree(of: bytes), let report = try? StorcliReport(tree: tree) else { return nil }
        self = report
    }

    private init(tree: JSONTree) throws(Refusal) {
        guard let entries = tree["Controllers"]?.elements, !entries.isEmpty else { throw .nothing }
        var message: String?
        for entry in entries.prefix(StorcliReport.controllerLimit) {
            let status = entry["Command Status"]
            if status?["Status"]?.text == "Failure" { message = status?["Description"]?.text ?? "failure" }
            guard let data = entry["Response Data"] else { continue }
            let number = status?["Controller"]?.unsigned.map { "\($0)" } ?? "0"
            var controller = RaidController(name: "c\(number)")
            controller.read(data)
            if controller != RaidController(name: controller.name) { controllers.append(controller) }
        }
        if controllers.isEmpty, let message { throw .failed(message) }
        guard !controllers.isEmpty else { throw .nothing }
    }
}

extension RaidController {
    /// Both times are of the controller's clock, so that it may be wrong. `NA`: it has no battery, or a capacitor.
    private static func learnAge(_ data: JSONTree) -> Double? {
        guard let tasks = data["Scheduled Tasks"], let next = (tasks["Next Battery Learn"]?.text).flatMap(seconds),
            let now = (data["Basics", "Current Controller Date/Time"]?.text).flatMap(seconds),
            let every = tasks["Battery learn Reoccurrence"]?.text, every.hasSuffix(" hrs"),
            let hours = Double(every.dropLast(4)), (1...87_600).contains(hours)
        else { return nil }
        let age = now - (next - hours * 3_600)
        return age >= 0 ? age : nil
    }

    /// `04/18/2024, 18:32:56`: month, day, year.
    private static func seconds(_ text: String) -> Double? {
        let halves = text.split(separator: ",")
        guard halves.count == 2 else { return nil }
        let date = halves[0].split(separator: "/").compactMap { Int($0) }
        let clock = halves[1].split(separator: ":").compactMap { Int($0.drop { $0 == " " }) }
        guard date.count == 3, clock.count == 3, clock.allSatisfy({ (0...60).contains($0) }),
            let day = CalendarDay.number(year: date[2], month: date[0], day: date[1])
        else { return nil }
        return Double(day * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2])
    }

    fileprivate mutating func read(_ data: JSONTree) {
        let basics = data["Basics"] ?? data
        model = PlaceholderText.removed(basics["Model"]?.text ?? basics["Product Name"]?.text)
        serial = PlaceholderText.removed(basics["Serial Number"]?.text)
        pci = (basics["PCI Address"]?.text).flatMap(RaidController.address)
        firmware = PlaceholderText.removed(data["Version", "Firmware Version"]?.text ?? data["FW Version"]?.text)
        if let state = data["Status"] {
            status = (state["Controller Status"]?.text).flatMap(RaidController.controllerStatus)
            correctedErrors = state["Memory Correctable Errors"]?.unsigned
            uncorrectedErrors = state["Memory Uncorrectable Errors"]?.unsigned
        }
        temperature = data["HwCfg", "ROC temperature(Degree Celsius)"]?.double
        if let pack = data["BBU_Info"]?.elements.first ?? data["Cachevault_Info"]?.elements.first {
            battery = (pack["State"]?.text).flatMap(RaidController.batteryState)
        }
        // Old cards report nothing of the battery but the bits of their firmware.
        if battery == nil, let bits = data["Status", "BBU Status"]?.unsigned,
            ["Present", "Yes"].contains(data["HwCfg", "BBU"]?.text ?? "Present")
        {
            battery = RaidController.batteryState(bits: bits)
        }
        batteryLearnAge = RaidController.learnAge(data)
        for volume in (data["VD LIST"] ?? data["Virtual Drives"])?.elements ?? [] {
            guard let name = volume["DG/VD"]?.text, let state = volume["State"]?.text else { continue }
            var array = Array(name: name, level: volume["TYPE"]?.text)
            array.setState(state)
            array.group = name.split(separator: "/").first.map(String.init)
            arrays.append(array)
        }
        let list = (data["PD LIST"] ?? data["Drive Information"])?.elements ?? []
        for entry in list.prefix(StorcliReport.diskLimit) { addDisk(entry) }
        addDrives(data)
        // Where there is no array at all (host bus adapters) they stand one level deeper.
        for name in ["Physical Device Information", "Physical Drive Information"] {
            if let devices = data[name] { addDrives(devices) }
        }
    }

    /// `Drive /c0/e252/s0`, and beside it its details.
    private mutating func addDrives(_ data: JSONTree) {
        for key in data.keys where key.hasPrefix("Drive /") && !key.contains(" - ") {
            guard disks.count < StorcliReport.diskLimit, let entry = data[key]?.elements.first else { continue }
            addDisk(entry)
            if !disks.isEmpty, let details = data["\(key) - Detailed Information"] {
                disks[disks.count - 1].read(details, of: key)
            }
        }
    }

    private mutating func addDisk(_ entry: JSONTree) {
        guard let place = entry["EID:Slt"]?.text ?? entry["EID:Slot"]?.text, let state = entry["State"]?.text else {
            return
        }
        var disk = Disk(place: place.filter { $0 != " " })
        disk.model = PlaceholderText.removed(entry["Model"]?.text)
        disk.bus = ["SATA": "ata", "SAS": "sas", "NVMe": "nvme"][entry["Intf"]?.text ?? ""]
        disk.isRotational = (entry["Med"]?.text).map { $0 == "HDD" }
        disk.group = entry["DG"]?.unsigned.map { "\($0)" }
        disk.status = RaidController.diskStatus(state)
        disk.member = RaidController.memberState(state)
        disks.append(disk)
    }
}

extension RaidController.Disk {
    fileprivate mutating func read(_ details: JSONTree, of key: String) {
        if let state = details["\(key) State"] {
            mediaErrors = state["Media Error Count"]?.unsigned
            otherErrors = state["Other Error Count"]?.unsigned
            predictedFailures = state["Predictive Failure Count"]?.unsigned
            temperature = (state["Drive Temperature"]?.text).flatMap(RaidController.diskTemperature)
            if state["S.M.A.R.T alert flagged by drive"]?.text == "Yes" { status = "predicted_failure" }
        }
        guard let attributes = details["\(key) Device attributes"] else { return }
        serial = PlaceholderText.removed(attributes["SN"]?.text)
        wwn = (attributes["WWN"]?.text).flatMap { DiskIdentity.plausible(wwn: "0x" + $0) }
        firmware = PlaceholderText.removed(attributes["Firmware Revision"]?.text)
        let maker = PlaceholderText.removed(attributes["Manufacturer Id"]?.text)
        manufacturer = maker == "ATA" ? nil : maker
        model = PlaceholderText.removed(attributes["Model Number"]?.text) ?? model
    }
}
