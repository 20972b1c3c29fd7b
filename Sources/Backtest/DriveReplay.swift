import FaultPatterns
import Reports

/// Replays drives through the engine, one after the other, and counts what comes of it. One for each thread.
struct DriveReplay {
    /// A column that is looked at for the drive at hand.
    private struct WatchedColumn {
        var column: Int
        /// Where its targets stand among all.
        var targets: Range<Int>
        /// Its place among the five attributes of the baselines.
        var baseline: Int?
        /// The vendor's threshold of a normalised value.
        var threshold: Double?
    }

    private struct Shape {
        var columns: Int
        var date: Int
        var serial: Int
        var failure: Int?

        init(_ layout: CSVLayout) {
            columns = layout.columns
            date = layout.date
            serial = layout.serial
            failure = layout.failure
        }
    }

    /// What decides which patterns can report on a drive: what it is, and the columns that its first row fills.
    private struct DriveClass: Hashable {
        var layout: Int
        var columns: [Int]
        var part: Part
        var attributes: [String: String]
    }

    private struct Target {
        var slot: Int?
        var trialSlot: Int?
        var isCounter: Bool
        var decoding: CSVLayout.Decoding
    }

    /// A change of a fault, as the table of fault changes lists it.
    private struct ReportedChange {
        var day: Int
        /// The pattern's number.
        var number: Int
        var kind: FaultChange.Kind
        var pattern: String
        var faultClass: String
        var urgency: Urgency
    }

    private let settings: BacktestSettings
    private let layouts: [CSVLayout]
    /// What every row needs of its layout.
    private let shapes: [Shape]
    /// The layout of each file, by their numbers.
    private let layoutOfFile: [Int]
    private let numbers: [String: Int]
    private let reach: PatternApplicability
    private let statuses: [Pattern.Status]

    private var engine: Replay
    /// The same patterns with those on trial as if they were active.
    private var trial: Replay?
    private(set) var tallies: Tallies
    /// Lines of fault changes that were not taken yet.
    private(set) var faultLines: [UInt8] = []

    // The drive at hand.
    private var newestSerial: [UInt8] = []
    private var isWanted = true
    private var life: DriveLife?
    private var layout = -1
    private var watches: [WatchedColumn] = []
    private var targets: [Target] = []
    private var day = 0
    private var episodes: [Episode] = []
    private var trialEpisodes: [Episode] = []
    /// Whether no pattern is in use, so that the pack is measured by what those on trial would do.
    private let packIsOnTrial: Bool
    private var changes: [ReportedChange] = []
    private var five = [Double](repeating: .nan, count: Baseline.attributes.count)
    private var fiveChanged = false
    private var tripped: Set<Int> = []
    private var baselines = BaselineHistory()

    /// Where the fields of the row at hand end, counted from its start.
    private var ends: [Int32]

    // The row before, of the same drive, in the same buffer.
    private var previousEnds: [Int32]
    private var previousStart = 0
    /// Its newline included.
    private var previousLength = 0
    private var hasPrevious = false

    // What was made of the last model, layout and kind of drive.
    private var watchKey = ""
    private var isJudged = false
    private var kind = ""
    private var models: [String: DiskModel] = [:]
    private var reached: [DriveClass: [Int]] = [:]
    /// The patterns that can report on the drive at hand.
    private var judges: [Int] = []

    /// Sorts of drives whose patterns are remembered.
    private static let sorts = 10_000

    init(
        pack: PatternPack, trial trialPack: PatternPack?, reach: PatternApplicability, layouts: [CSVLayout],
        layoutOfFile: [Int], settings: BacktestSettings
    ) {
        self.reach = reach
        self.settings = settings
        self.layouts = layouts
        shapes = layouts.map(Shape.init)
        self.layoutOfFile = layoutOfFile
        let patterns = pack.patterns
        numbers = Dictionary(
            patterns.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        statuses = patterns.map(\.status)
        let nothing = Component(id: ComponentID(.disk, "none"), kind: .disk, name: "none")
        engine = Replay(patterns: pack, component: nothing, writing: .brief)
        packIsOnTrial = trialPack != nil && pack.isOnTrial
        trial = trialPack.map { Replay(patterns: $0, component: nothing, writing: .brief) }
        tallies = Tallies(patterns: patterns.count)
        let room = (layouts.map(\.columns).max() ?? 0) + 1
        ends = [Int32](repeating: 0, count: room)
        previousEnds = ends
    }

    /// The first and last serial number of a piece.
    struct Extent: Sendable {
        var first: [UInt8]
        var last: [UInt8]
        /// Whether the drives come in order, so that none comes twice.
        var isSorted = true
    }

    /// Replays the drives of a piece.
    /// - Returns: nil for a piece without a usable row.
    mutating func replay(_ chunk: Chunk) -> Extent? {
        var extent: Extent?
        newestSerial = []
        unsafe chunk.bytes.withUnsafeBytes { buffer in
            guard let csv = unsafe CSVBytes(buffer) else { return }
            var place = 0
            switch chunk.origin {
            case .file(let file, let offset):
                while place < csv.count {
                    place = take(csv, at: place, RowProblems.Place(file: file, offset: offset + place), &extent)
                }
            case .rows(let places):
                for origin in places where place < csv.count { place = take(csv, at: place, origin, &extent) }
            }
        }
        finish()
        return extent
    }

    mutating func takeFaultLines() -> [UInt8] {
        defer { faultLines = [] }
        return faultLines
    }

    // MARK: One row

    /// Where a field of the row at hand lies.
    @inline(__always)
    private func field(_ column: Int, _ start: Int) -> Range<Int> {
        let begin = column == 0 ? start : start &+ Int(ends[column - 1]) &+ 1
        return begin..<max(begin, start &+ Int(ends[column]))
    }

    /// Where a field of the row before lies.
    @inline(__always)
    private func previousField(_ column: Int) -> Range<Int> { previousField(column, previousStart) }

    /// Where a field lies of a row at `start` whose fields lie as those of the row before.
    @inline(__always)
    private func previousField(_ column: Int, _ start: Int) -> Range<Int> {
        let begin = column == 0 ? start : start &+ Int(previousEnds[column - 1]) &+ 1
        return begin..<max(begin, start &+ Int(previousEnds[column]))
    }

    /// - Returns: where the next row begins.
    private mutating func take(
        _ csv: CSVBytes, at start: Int, _ origin: RowProblems.Place, _ extent: inout Extent?
    ) -> Int {
        let number = layoutOfFile[origin.file]
        // Nearly always the day before with some digits changed: then its fields need not be looked for.
        if hasPrevious, layout == number, csv.isShaped(start, like: previousStart, length: previousLength),
            csv.isEqual(previousField(shapes[number].serial, start), previousField(shapes[number].serial))
        {
            takeShaped(csv, at: start, origin)
            return start + previousLength
        }
        let shape = shapes[number]
        let line = split(csv, start)
        guard line.fields == shape.columns else {
            // A blank line is no row; at the end of a file there often is one.
            if line.fields > 1 || ends[0] > 0 { tallies.problems.note(.fieldCount, at: origin) }
            return line.next
        }
        let serial = field(shape.serial, start)
        let isSame =
            hasPrevious && layout == number
            && csv.isEqual(serial, previousField(shape.serial))
        if !isSame, !turn(to: csv, serial, origin, &extent) { return line.next }
        let date = field(shape.date, start)
        let next = isSame ? csv.dayInMonth(date, after: previousField(shape.date), on: day) : nil
        guard let today = next ?? csv.day(date) else {
            tallies.problems.note(.badDate, at: origin)
            return line.next
        }
        if life == nil { begin(csv, start, layouts[number], on: today) }
        guard today > day else {
            tallies.problems.note(today == day ? .repeated : .goesBack, at: origin)
            return line.next
        }
        hold(until: today)
        if layout < 0 { know(csv, start, number) }
        begin(on: today)
        if layout != number { watch(number) }
        for index in watches.indices {
            let column = watches[index].column
            let now = field(column, start)
            if isSame, csv.isEqual(now, previousField(column)) { continue }
            take(csv, now, index, origin)
        }
        endRow(csv, failure: shape.failure.map { field($0, start) }, on: today)
        swap(&ends, &previousEnds)
        previousStart = start
        previousLength = line.next - start
        hasPrevious = true
        return line.next
    }

    /// Takes a row of the same drive whose fields lie as those of the row before.
    private mutating func takeShaped(_ csv: CSVBytes, at start: Int, _ origin: RowProblems.Place) {
        let shape = shapes[layout]
        let date = previousField(shape.date, start)
        guard let today = csv.dayInMonth(date, after: previousField(shape.date), on: day) ?? csv.day(date) else {
            return tallies.problems.note(.badDate, at: origin)
        }
        guard today > day else {
            return tallies.problems.note(today == day ? .repeated : .goesBack, at: origin)
        }
        hold(until: today)
        begin(on: today)
        for index in watches.indices {
            let column = watches[index].column
            let now = previousField(column, start)
            if !csv.isEqual(now, previousField(column)) { take(csv, now, index, origin) }
        }
        endRow(csv, failure: shape.failure.map { previousField($0, start) }, on: today)
        previousStart = start
    }

    @inline(__always)
    private mutating func endRow(_ csv: CSVBytes, failure: Range<Int>?, on today: Int) {
        if settings.measuresBaselines, fiveChanged {
            baselines.take(five, on: today)
            baselines.take(isTripped: !tripped.isEmpty, on: today)
            fiveChanged = false
        }
        endDay()
        tallies.rows += 1
        if let failure, case .value(let number) = csv.number(failure), number > 0 { life?.failure = today }
    }

    @inline(__always)
    private mutating func split(_ csv: CSVBytes, _ start: Int) -> CSVBytes.Line {
        var span = ends.mutableSpan
        return csv.split(start, into: &span)
    }

    /// Turns to the drive of this row, if it is another one.
    /// - Returns: false for a row without a serial number, and for a drive that is not wanted.
    private mutating func turn(
        to csv: CSVBytes, _ serial: Range<Int>, _ origin: RowProblems.Place, _ extent: inout Extent?
    ) -> Bool {
        hasPrevious = false
        guard !serial.isEmpty else {
            tallies.problems.note(.noSerial, at: origin)
            return false
        }
        if csv.isEqual(serial, newestSerial) { return isWanted }
        finish()
        newestSerial = csv.bytes(serial)
        if extent != nil {
            if extent?.last.lexicographicallyPrecedes(newestSerial) != true { extent?.isSorted = false }
            extent?.last = newestSerial
        } else {
            extent = Extent(first: newestSerial, last: newestSerial)
        }
        isWanted = settings.drives.map { $0.contains(String(decoding: newestSerial, as: UTF8.self)) } ?? true
        return isWanted
    }

    // MARK: One drive

    private mutating func begin(_ csv: CSVBytes, _ start: Int, _ layout: CSVLayout, on today: Int) {
        let model = layout.model.map { csv.text(field($0, start)) } ?? ""
        life = DriveLife(serial: newestSerial, model: model, first: today, last: today)
        day = today - 1
        self.layout = -1
        baselines.begin()
        for index in five.indices { five[index] = .nan }
        fiveChanged = true
        tripped = []
    }

    /// Days without a row: what was last read still holds.
    private mutating func hold(until today: Int) {
        // Nearly always a row a day; the life itself is not copied for that.
        guard day + 1 < today, let first = life?.first, day >= first else { return }
        let last = min(today - 1, settings.hold.map { day + $0 } ?? today)
        while day < last {
            begin(on: day + 1)
            endDay()
        }
    }

    /// Makes a new drive known to the engine.
    private mutating func know(_ csv: CSVBytes, _ start: Int, _ number: Int) {
        guard let life else { return }
        let component = component(csv, start, layouts[number], life)
        judge(component, csv, start, number)
        engine.restart(component: component)
        trial?.restart(component: component)
        kind = "\(component.attributes["bus"] ?? "") \(component.attributes["rotational"] ?? "")"
    }

    /// Looks up which patterns can report on a new drive.
    private mutating func judge(_ component: Component, _ csv: CSVBytes, _ start: Int, _ number: Int) {
        let filled = layouts[number].values.filter { !field($0.column, start).isEmpty }
        var part = component.part
        part.serial = nil
        let sort = DriveClass(
            layout: number, columns: filled.map(\.column), part: part, attributes: component.attributes)
        if let known = reached[sort] {
            judges = known
            return
        }
        if reached.count >= DriveReplay.sorts { reached.removeAll(keepingCapacity: true) }
        judges = reach.patterns(for: component, telling: Set(filled.flatMap { $0.readings.map(\.signal) }))
        reached[sort] = judges
    }

    /// Counts the drive for what could report on it.
    private mutating func countJudges() {
        for number in judges { tallies.patterns[number].judged += 1 }
        judges = []
        guard settings.measuresBaselines else { return }
        let hasFive = watches.contains { $0.baseline != nil }
        let hasThreshold = watches.contains { $0.threshold != nil }
        for baseline in Baseline.allCases where baseline == .vendorThresholds ? hasThreshold : hasFive {
            tallies.baselines[baseline, default: Tally()].judged += 1
        }
    }

    /// Chooses the columns to look at for a drive of this kind.
    private mutating func watch(_ number: Int) {
        guard let life else { return }
        // What the columns of another file do not have is no longer reported.
        if layout >= 0 { for target in targets { silence(target) } }
        layout = number
        let key = "\(number) \(kind) \(life.model)"
        guard key != watchKey else { return }
        watchKey = key
        watches = []
        targets = []
        for value in layouts[number].values {
            let first = targets.count
            for reading in value.readings {
                let (slot, trialSlot) = (engine.slot(of: reading.signal), trial?.slot(of: reading.signal))
                guard slot != nil || trialSlot != nil else { continue }
                let isCounter = SignalCatalogue.entry(named: reading.signal.name)?.kind == .counter
                targets.append(
                    Target(slot: slot, trialSlot: trialSlot, isCounter: isCounter, decoding: reading.decoding))
            }
            var watch = WatchedColumn(column: value.column, targets: first..<targets.count)
            if settings.measuresBaselines {
                switch value.source {
                case .raw(let attribute): watch.baseline = Baseline.attributes.firstIndex(of: attribute)
                case .normalized(let attribute):
                    watch.threshold = settings.thresholds?.threshold(of: attribute, model: life.model)
                case .nvme, .other: break
                }
            }
            if !watch.targets.isEmpty || watch.baseline != nil || watch.threshold != nil { watches.append(watch) }
        }
        isJudged = !targets.isEmpty
    }

    private mutating func component(_ csv: CSVBytes, _ start: Int, _ layout: CSVLayout, _ life: DriveLife) -> Component
    {
        var (hasAttributes, wears, spins, isNVMe) = (false, false, false, false)
        for value in layout.values where !field(value.column, start).isEmpty {
            switch value.source {
            case .raw(let attribute), .normalized(let attribute):
                hasAttributes = true
                wears = wears || DiskModel.isOfSolidState(attribute)
                spins = spins || DiskModel.isOfSpindle(attribute)
            case .nvme: isNVMe = true
            case .other: break
            }
        }
        let model = models[life.model] ?? DiskModel(life.model)
        if models[life.model] == nil { models[life.model] = model }
        let isATA = hasAttributes || !isNVMe
        let isSolidState = !isATA || model.isSolidState || (wears && !spins)
        let serial = String(decoding: life.serial, as: UTF8.self)
        let firmware = layout.firmware.map { csv.text(field($0, start)) }
        return Component(
            id: ComponentID(.disk, "serial-\(serial)"), kind: .disk, name: serial,
            part: Part(
                manufacturer: model.manufacturer, model: life.model.isEmpty ? nil : life.model, serial: serial,
                firmware: firmware?.isEmpty == true ? nil : firmware),
            attributes: ["bus": isATA ? "ata" : "nvme", "rotational": isSolidState ? "0" : "1"])
    }

    // MARK: Values

    /// Passes the engine a field that differs from the row before.
    private mutating func take(_ csv: CSVBytes, _ field: Range<Int>, _ index: Int, _ origin: RowProblems.Place) {
        let watch = watches[index]
        if let first = watch.targets.first, targets[first].decoding == .health {
            let state = csv.text(field) == "Healthy" ? "passed" : "failed"
            for target in watch.targets { tell(targets[target], state: field.isEmpty ? nil : state) }
            return
        }
        var value = Double.nan
        switch csv.number(field) {
        case .value(let read): value = read
        case .malformed: tallies.problems.note(.notANumber, at: origin)
        case .none: break
        }
        for target in watch.targets { tell(targets[target], value) }
        if let position = watch.baseline {
            five[position] = value
            fiveChanged = true
        }
        if let threshold = watch.threshold {
            if value <= threshold { tripped.insert(index) } else { tripped.remove(index) }
            fiveChanged = true
        }
    }

    private mutating func tell(_ target: Target, _ value: Double) {
        let decoded: Double
        switch target.decoding {
        case .number, .health: decoded = value
        case .percent: decoded = value / 100
        case .dataUnits: decoded = min(value * Double(DiskSignals.dataUnitBytes), 0x1p63)
        case .lowBits(let bits):
            decoded = value.isNaN ? value : Double(UInt64(value) & (1 << bits - 1))
        case .bit(let bit):
            let state = value.isNaN ? nil : UInt64(value) >> bit & 1 == 1 ? "asserted" : "clear"
            return tell(target, state: state)
        }
        guard !decoded.isNaN else { return silence(target) }
        if target.isCounter {
            let count = UInt64(decoded)
            if let slot = target.slot { engine.set(slot, counter: count) }
            if let slot = target.trialSlot { trial?.set(slot, counter: count) }
        } else {
            if let slot = target.slot { engine.set(slot, reading: decoded) }
            if let slot = target.trialSlot { trial?.set(slot, reading: decoded) }
        }
    }

    private mutating func tell(_ target: Target, state: String?) {
        guard let state else { return silence(target) }
        if let slot = target.slot { engine.set(slot, state: state) }
        if let slot = target.trialSlot { trial?.set(slot, state: state) }
    }

    private mutating func silence(_ target: Target) {
        if let slot = target.slot { engine.setUnavailable(slot) }
        if let slot = target.trialSlot { trial?.setUnavailable(slot) }
    }

    // MARK: One day

    private mutating func begin(on today: Int) {
        let time = Timestamp(seconds: Int64(today) * 86_400)
        day = today
        life?.last = today
        guard isJudged || layout < 0 else { return }
        engine.begin(at: time)
        trial?.begin(at: time)
    }

    private mutating func endDay() {
        tallies.steps += 1
        // No pattern is for this drive, or none looks at what is known of it.
        guard isJudged else { return }
        for change in engine.finish() {
            tallies.changes += 1
            guard let number = numbers[change.fault.pattern] else { continue }
            DriveReplay.note(change, of: number, on: day, in: &episodes)
            guard settings.writesFaults else { continue }
            changes.append(
                ReportedChange(
                    day: day, number: number, kind: change.kind, pattern: change.fault.pattern,
                    faultClass: change.fault.faultClass, urgency: change.fault.urgency))
        }
        guard trial != nil else { return }
        for change in trial?.finish() ?? [] {
            guard let number = numbers[change.fault.pattern], statuses[number] == .shadow else { continue }
            DriveReplay.note(change, of: number, on: day, in: &trialEpisodes)
        }
    }

    private static func note(_ change: FaultChange, of pattern: Int, on today: Int, in episodes: inout [Episode]) {
        if let open = episodes.lastIndex(where: { $0.pattern == pattern && $0.until == nil }) {
            if change.kind == .updated, change.fault.urgency == episodes[open].urgency { return }
            episodes[open].until = today
        }
        guard change.kind != .cleared else { return }
        episodes.append(Episode(pattern: pattern, urgency: change.fault.urgency, from: today, until: nil))
    }

    private mutating func finish() {
        guard let life else { return }
        countJudges()
        tallies.take(
            life, episodes: episodes, onTrial: trialEpisodes, packIsOnTrial: packIsOnTrial, baselines: baselines,
            settings)
        if !changes.isEmpty {
            let measure = LifeMeasure(life, settings)
            let serial = String(decoding: life.serial, as: UTF8.self)
            let cell = serial.contains("\"") ? "\"\(serial.replacing("\"", with: "\"\""))\"" : serial
            for change in changes where change.day <= life.end { write(change, of: cell, measure) }
        }
        self.life = nil
        hasPrevious = false
        layout = -1
        episodes.removeAll(keepingCapacity: true)
        trialEpisodes.removeAll(keepingCapacity: true)
        changes.removeAll(keepingCapacity: true)
    }

    private mutating func write(_ change: ReportedChange, of serial: String, _ measure: LifeMeasure) {
        faultLines.append(contentsOf: serial.utf8)
        for cell in [
            CalendarDay.text(change.day), change.kind.rawValue, change.pattern, change.faultClass,
            change.urgency.rawValue, statuses[change.number].rawValue,
            measure.life.failure.map(CalendarDay.text) ?? "", measure.counts(change.day),
        ] {
            faultLines.append(UInt8(ascii: ","))
            faultLines.append(contentsOf: cell.utf8)
        }
        faultLines.append(UInt8(ascii: "\n"))
    }
}
