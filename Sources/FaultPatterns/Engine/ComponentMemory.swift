import FoundationEssentials
import Reports

/// All that the engine remembers of one component, in one place: a sample touches one of these and no other.
struct ComponentMemory: Sendable {
    /// An answer as it was when it was last looked at.
    private struct AnswerState: Sendable {
        var bounds = Bounds.unknown
        /// When time alone may change it; milliseconds.
        var expires = Int64.max
    }

    let id: ComponentID
    var kind: ComponentKind
    /// Attributes, and `maker`, `model`, `firmware` of the part: what patterns select by.
    var attributes: [String: String] = [:]
    var serial: String?
    /// Of a disk: its hours of power, by which another one in its place is known.
    var hours: UInt64?
    /// Of when the values are that were taken up at the start.
    private var windowsAsOf: Int64?
    private(set) var layout: Layout
    private(set) var slots: ContiguousArray<Slot>
    /// Places of the slots that were ever filled, in no order: of a large rule base, a component has few signals.
    private var told: ContiguousArray<Int32> = []
    /// The words of states, events and reasons, by slot.
    private var texts: [Int32: String] = [:]
    private var memories: ContiguousArray<SignalMemory?>
    private var answers: ContiguousArray<AnswerState>
    /// The first time at which an answer expires; milliseconds.
    private var nextExpiry = Int64.max
    /// After a restart or another choice of patterns.
    private var needsReview = false
    /// The newest time reported when it stopped: what comes late is judged as it would have been without a restart.
    var reviewFrom = Int64.min
    /// From when on time alone may change what it reports; milliseconds. A stored value, for it is looked at
    /// where nothing else of the component is.
    private(set) var wakesAt = Int64.max
    /// Places of patterns whose judgement may have changed.
    private var dirty: ContiguousArray<Int32> = []
    private var isDirty: ContiguousArray<Bool>
    /// Patterns judged at every sample that were found not to hold, and need not be judged while they rest.
    private var isResting: ContiguousArray<Bool>
    /// By the entry's number in the rule base.
    var faults: [Int: Fault] = [:]
    var progress: [Int: Progress] = [:]
    var sequences: [Int: SequenceMemory] = [:]
    /// By the model's number; made anew whenever it is not there.
    var scores: [Int: ScoreCache] = [:]
    /// Open faults of patterns that this engine cannot run: kept as they are until one can.
    var heldFaults: [String: Fault] = [:]
    /// Patterns that keep quiet here up to an urgency, by the entry's number: a person has acquitted the part.
    var acquittals: [Int: Urgency] = [:]
    /// When and why faults of a class ended that a person, or another part in its place, has ended.
    var mends: [String: Mend] = [:]
    /// What the part said of itself when a person declared it replaced; nil where nobody has, and once it says otherwise.
    var declaredReplaced: PartIdentity?

    /// Whether something must be stored.
    var hasNewLatches = false
    var hasNewWindows = false
    /// The moment that its newest samples are of; milliseconds. A late sample, even the first of its signal, does not set
    /// it back.
    private(set) var newest = Int64.min

    /// For how long the samples that are taken now stand for what is; milliseconds.
    var keep = Int32.max
    /// Slots whose newest sample ended a time in which nobody watched, and when that began: what is judged at that sample
    /// must not count it.
    private var endedGaps: [Int32: Int64] = [:]
    /// When the program stopped before it started again, where values were last stored before that: they were read again
    /// by then, nobody knows when.
    private var stoppedAt = Int64.min
    /// Since when nobody watched anything, until somebody judges again; and at that judgement.
    private var stop: Int64?
    private var endedStop: Int64?
    /// By signal, the sources that events of it came from: while one of these is not read, that none comes shows nothing.
    private(set) var heard: [Int: UInt64] = [:]
    /// As they were when one of those in `heard` was last read.
    private var sources = EventSources()
    /// By signal, a time in which a source of its events was not read, until somebody judges again.
    private var endedBlindness: [Int: (from: Int64, until: Int64)] = [:]

    init(id: ComponentID, kind: ComponentKind, layout: Layout) {
        self.id = id
        self.kind = kind
        self.layout = layout
        slots = ContiguousArray(repeating: Slot(), count: layout.slots.count)
        memories = ContiguousArray(repeating: nil, count: layout.memories.count)
        answers = ContiguousArray(repeating: AnswerState(), count: layout.answers.count)
        isDirty = ContiguousArray(repeating: false, count: layout.patterns.count)
        isResting = isDirty
    }

    // MARK: Samples

    /// Takes one measurement. What is not newer than the newest is a repetition or late, and is passed over.
    /// - Returns: false for what is late or repeated.
    mutating func take(_ measurement: Measurement, slot index: Int, at time: Int64) -> Bool {
        guard time > slots[index].time else { return false }
        switch measurement {
        case .reading(let value):
            guard value.isFinite else {
                takeUnavailable("notFinite", slot: index, at: time)
                return true
            }
            takeNumber(value, raw: 0, .reading, slot: index, at: time)
        case .counter(let count): takeNumber(Double(count), raw: count, .counter, slot: index, at: time)
        case .state(let word): takeState(word, slot: index, at: time)
        case .unavailable(let reason): takeUnavailable(reason.rawValue, slot: index, at: time)
        case .event: return false
        }
        return true
    }

    /// The hot path: a number that is as it was costs a comparison and a store.
    mutating func takeNumber(_ value: Double, raw: UInt64, _ content: Slot.Content, slot index: Int, at time: Int64) {
        if slots[index].content == content, slots[index].value == value, slots[index].raw == raw,
            !slots[index].isStale(at: time)
        {
            noteGap(index, at: time)
            slots[index].time = time
            newest = max(newest, time)
            hasNewWindows = true
            if layout.slots[index].needsEveryReading {
                feed(slot: index, before: slots[index], at: time, isChange: false)
            }
            for field in layout.slots[index].fields {
                let part = (raw >> field.offset) & field.mask
                takeNumber(Double(part), raw: part, content, slot: Int(field.slot), at: time)
            }
            return
        }
        takeChange(value, raw: raw, content, slot: index, at: time)
    }

    @inline(never)
    private mutating func takeChange(
        _ value: Double, raw: UInt64, _ content: Slot.Content, slot index: Int, at time: Int64
    ) {
        let before = slots[index]
        let wasUnknown = !before.isNumber || before.isStale(at: time)
        if before.content == .none { told.append(Int32(index)) }
        noteGap(index, at: time)
        slots[index].read(value, raw: raw, content, at: time)
        newest = max(newest, time)
        hasNewWindows = true
        if wasUnknown {
            for pattern in layout.slots[index].patterns { markDirty(pattern) }
            settle(index)
        } else if !(value > before.low && value < before.high) && !(value == before.low && value == before.high) {
            cross(index, from: before.value)
        }
        for pattern in layout.slots[index].watchers { markDirty(pattern) }
        feed(slot: index, before: before, at: time, isChange: true)
        for field in layout.slots[index].fields {
            let part = (raw >> field.offset) & field.mask
            takeNumber(Double(part), raw: part, content, slot: Int(field.slot), at: time)
        }
    }

    /// Finds the limits that the value lies between.
    private mutating func settle(_ index: Int) {
        let limits = layout.slots[index].limits
        let value = slots[index].value
        var (start, end) = (0, limits.count)
        while start < end {
            let middle = (start + end) / 2
            if limits[middle].value < value { start = middle + 1 } else { end = middle }
        }
        if start < limits.count, limits[start].value == value {
            slots[index].low = value
            slots[index].high = value
        } else {
            slots[index].low = start > 0 ? limits[start - 1].value : -.infinity
            slots[index].high = start < limits.count ? limits[start].value : .infinity
        }
    }

    /// Marks the patterns whose limits lie between the old value and the new one, both included.
    private mutating func cross(_ index: Int, from old: Double) {
        settle(index)
        let limits = layout.slots[index].limits
        let (low, high) = (min(old, slots[index].value), max(old, slots[index].value))
        var (start, end) = (0, limits.count)
        while start < end {
            let middle = (start + end) / 2
            if limits[middle].value < low { start = middle + 1 } else { end = middle }
        }
        while start < limits.count, limits[start].value <= high {
            markDirty(limits[start].pattern)
            start += 1
        }
    }

    /// - Parameter isChange: false for a reading that repeats the one before it: most memories do not receive it.
    private mutating func feed(slot index: Int, before: Slot, at time: Int64, isChange: Bool) {
        let layout = layout
        let slot = slots[index]
        for place in layout.slots[index].memories {
            let isNew = memories[Int(place)] == nil
            if !isChange, !isNew, !layout.memories[Int(place)].needsEveryReading { continue }
            // In its place: copying a memory or a rule costs as much as feeding it.
            let isFed: Void? = memories[Int(place)]?.take(
                slot, before: before, for: layout.memories[Int(place)].rule, covariate: nil, isFrozen: false)
            if isFed == nil {
                memories[Int(place)] = SignalMemory(layout.memories[Int(place)].rule, first: slot, covariate: nil)
            }
            if layout.memories[Int(place)].rule.isOfEvents { hasNewLatches = true }
            for answer in layout.memories[Int(place)].answers
            where isNew || !layout.answers[Int(answer)].hangsOnFirstReading { refresh(Int(answer), at: time) }
        }
    }

    private mutating func takeState(_ word: String, slot index: Int, at time: Int64) {
        let isNews =
            slots[index].content != .state || slots[index].isStale(at: time) || texts[Int32(index)] != word
        if slots[index].content == .none { told.append(Int32(index)) }
        noteGap(index, at: time)
        slots[index].take(.state, at: time)
        newest = max(newest, time)
        hasNewWindows = true
        guard isNews else { return }
        texts[Int32(index)] = word
        for pattern in layout.slots[index].patterns { markDirty(pattern) }
    }

    private mutating func takeUnavailable(_ reason: String, slot index: Int, at time: Int64) {
        let wasKnown = slots[index].content != .unavailable
        if slots[index].content == .none { told.append(Int32(index)) }
        noteGap(index, at: time)
        slots[index].becomeUnavailable(at: time)
        newest = max(newest, time)
        hasNewWindows = true
        texts[Int32(index)] = reason
        if wasKnown { for pattern in layout.slots[index].patterns { markDirty(pattern) } }
        for place in layout.slots[index].memories + layout.slots[index].lateMemories {
            let now = Timestamp(milliseconds: time)
            if memories[Int(place)] == nil, layout.memories[Int(place)].rule.isOfEvents {
                memories[Int(place)] = SignalMemory.ofEvents(layout.memories[Int(place)].rule)
            }
            if memories[Int(place)]?.becomeBlind(at: now) == true { hasNewLatches = true }
            refresh(answersOf: Int(place), at: time)
        }
        for field in layout.slots[index].fields where time > slots[Int(field.slot)].time {
            takeUnavailable(reason, slot: Int(field.slot), at: time)
        }
    }

    /// Takes an event: each one counts, whenever it comes.
    /// - Parameter times: how many equal events it stands for.
    /// - Returns: false where it was known already.
    mutating func take(event text: String, times: Int, labels: Signal, slot index: Int, at time: Int64) -> Bool {
        let now = Timestamp(milliseconds: time)
        var isNews = layout.slots[index].memories.isEmpty && time > slots[index].time
        for place in layout.slots[index].memories {
            let rule = layout.memories[Int(place)].rule
            guard rule.isOfEvents else { continue }
            if memories[Int(place)] == nil { memories[Int(place)] = SignalMemory.ofEvents(rule) }
            guard memories[Int(place)]?.take(event: text, times: times, labels, for: rule, at: now) == true else {
                continue
            }
            isNews = true
            refresh(answersOf: Int(place), at: time)
            for pattern in layout.memories[Int(place)].patterns
            where layout.patterns[Int(pattern)].compiled.isAlwaysEvaluated { markDirty(pattern) }
        }
        guard isNews else { return false }
        hasNewLatches = true
        hasNewWindows = true
        newest = max(newest, time)
        if slots[index].time <= time {
            if slots[index].content == .none { told.append(Int32(index)) }
            slots[index].take(.event, at: time)
            texts[Int32(index)] = text
            for pattern in layout.slots[index].watchers { markDirty(pattern) }
        }
        return true
    }

    // MARK: Gaps

    /// Notes, when a sample comes, whether the one before it had stopped standing for what is.
    @inline(__always)
    private mutating func noteGap(_ index: Int, at time: Int64) {
        if let from = gap(ofSlot: index, at: time) { endedGaps[Int32(index)] = from }
        slots[index].keep = keep
    }

    /// Since when a signal has not been watched; nil while its newest sample keeps. Events come when they come.
    private func gap(ofSlot index: Int, at now: Int64) -> Int64? {
        let slot = slots[index]
        guard slot.keep < .max, slot.content != .none, slot.content != .event else { return nil }
        let keep = Int64(slot.keep)
        var from = Timestamp(milliseconds: slot.time)
        let stopped = Timestamp(milliseconds: stoppedAt)
        if slot.time < stoppedAt, stopped.milliseconds(since: from) <= keep { from = stopped }
        return Timestamp(milliseconds: now).milliseconds(since: from) > keep ? from.milliseconds : nil
    }

    /// Since when what a judgement rests on has not been watched: that goes on, and that ended with this moment's samples.
    func lapse(ofSlot index: Int, at now: Int64) -> Lapse {
        if slots[index].content == .event || heard[layout.slots[index].signal] != nil {
            return lapse(ofEvents: layout.slots[index].signal, at: now)
        }
        return Lapse(open: gap(ofSlot: index, at: now), ended: slots[index].time == now ? endedGaps[Int32(index)] : nil)
    }

    /// The program stopped at that time, and has just started again.
    mutating func resume(stoppedAt time: Int64, reading sources: EventSources) {
        self.sources = sources
        stoppedAt = (windowsAsOf ?? time) < time ? time : .min
        stop = time
    }

    /// Other patterns took over from one look to the next: nothing went unwatched for that.
    /// - Parameters:
    ///   - sources: those that events came from, by their numbers now.
    ///   - number: the number of a signal in the new pack, by its number in the old one.
    mutating func goOn(from old: ComponentMemory, reading sources: EventSources, signal number: (Int) -> Int?) {
        self.sources = sources
        stop = old.stop
        stoppedAt = old.stoppedAt
        newest = max(newest, old.newest)
        for (signal, span) in old.endedBlindness {
            if let signal = number(signal) { endedBlindness[signal] = span }
        }
    }

    /// Nobody has watched anything since that time.
    mutating func noteSilence(since time: Int64) { stop = stop ?? time }

    /// Notes which source an event came from.
    mutating func hear(slot index: Int, from source: Int, of sources: EventSources) {
        let bit = UInt64(1) << UInt64(source)
        guard heard[layout.slots[index].signal, default: 0] & bit == 0 else { return }
        heard[layout.slots[index].signal, default: 0] |= bit
        self.sources = sources
        hasNewLatches = true
    }

    /// Notes that a source was read.
    /// - Parameter gap: since when it had not been, where that was too long.
    /// - Returns: whether something here is to be judged again for it.
    mutating func noteLook(at source: Int, of sources: EventSources, after gap: Int64?, at now: Int64) -> Bool {
        let signals = heard.filter { $0.value & (1 << UInt64(source)) != 0 }.map(\.key)
        guard !signals.isEmpty else { return false }
        self.sources = sources
        guard let gap else { return false }
        for signal in signals {
            endedBlindness[signal] = (min(gap, endedBlindness[signal]?.from ?? gap), now)
        }
        needsReview = true
        return true
    }

    /// Since when a source of a signal's events is not read.
    private func blindness(ofSignal signal: Int, at now: Int64) -> Int64? {
        heard.isEmpty ? nil : heard[signal].flatMap { sources.gap(of: $0, at: now) }
    }

    /// The same of what ends with the look that is judged now; what comes of a time before it was not watched either.
    private func lapse(ofEvents signal: Int, at now: Int64) -> Lapse {
        var found = Lapse(open: blindness(ofSignal: signal, at: now), ended: endedStop)
        if let ended = endedBlindness[signal], now > ended.from {
            let span = Lapse(
                open: now < ended.until ? ended.from : nil, ended: now < ended.until ? nil : ended.from)
            found = found.both(span)
        }
        return found
    }

    /// Notes something that no pattern here looks at: the part is there and is read.
    mutating func hear(at time: Int64) { newest = max(newest, time) }

    /// Takes a number that may be set anew within one moment, while faults follow from faults.
    mutating func retake(_ value: Double, slot index: Int, at time: Int64) -> Bool {
        guard time > slots[index].time || slots[index].value != value else { return false }
        takeNumber(value, raw: 0, .reading, slot: index, at: max(time, slots[index].time))
        return true
    }

    /// Repeats all that is known: a record that holds until the next one, however long that takes.
    mutating func retell(at time: Int64) {
        for place in told.indices {
            let index = Int(told[place])
            guard slots[index].time < time else { continue }
            guard slots[index].isNumber else {
                if slots[index].content == .state { slots[index].time = time }
                continue
            }
            if layout.slots[index].needsEveryReading {
                takeNumber(slots[index].value, raw: slots[index].raw, slots[index].content, slot: index, at: time)
            } else {
                if slots[index].isStale(at: time) { for pattern in layout.slots[index].patterns { markDirty(pattern) } }
                slots[index].time = time
            }
        }
        newest = max(newest, time)
        hasNewWindows = true
    }

    // MARK: Answers

    private mutating func refresh(answersOf place: Int, at time: Int64) {
        for answer in layout.memories[place].answers { refresh(Int(answer), at: time) }
    }

    private mutating func refresh(_ index: Int, at time: Int64) {
        let bounds = bounds(of: index, at: time, isFresh: true)
        let isNews =
            layout.answers[index].isOnlyCompared
            ? layout.answers[index].limits.contains { bounds.differs(from: answers[index].bounds, against: $0) }
            : layout.answers[index].question.isRunning || bounds != answers[index].bounds
        answers[index].bounds = bounds
        if isNews { for pattern in layout.answers[index].patterns { markDirty(pattern) } }
        answers[index].expires = expiry(of: index, bounds, at: time)
        nextExpiry = min(nextExpiry, answers[index].expires)
    }

    private func expiry(of index: Int, _ bounds: Bounds, at time: Int64) -> Int64 {
        let question = layout.answers[index].question
        if question.isRunning {
            guard bounds.low == bounds.high,
                let next = layout.answers[index].limits.first(where: { $0 >= bounds.low })
            else { return .max }
            let unit: Double = question == .knownFor ? 1_000 : 86_400_000
            // At the limit, and a millisecond later above it.
            let left = Int64(min((next - bounds.low) * unit, 1e15).rounded(.up))
            return Timestamp(milliseconds: time).plus(max(1, left)).milliseconds
        }
        let place = Int(layout.answers[index].memory)
        return memories[place]?
            .changesAt(
                after: Timestamp(milliseconds: time), question, of: slots[Int(layout.memories[place].slot)],
                rule: layout.memories[place].rule)?
            .milliseconds ?? .max
    }

    private func bounds(of index: Int, at time: Int64, isFresh: Bool) -> Bounds {
        let place = Int(layout.answers[index].memory)
        let slot = slots[Int(layout.memories[place].slot)]
        let known = memories[place]?
            .bounds(
                layout.answers[index].question, of: slot, covariate: number(inSlot: layout.memories[place].covariate),
                limit: number(inSlot: layout.answers[index].limitSlot), layout: layout, place: place,
                at: Timestamp(milliseconds: time), isFresh: isFresh)
        guard layout.memories[place].rule.isOfEvents else { return known ?? .unknown }
        // No event yet: their number is none, if the source was read.
        let counted = known ?? (slot.content != .unavailable ? Bounds(0) : .unknown)
        // While it is not read there may be more, and those that were told leave the window unseen.
        let signal = layout.slots[Int(layout.memories[place].slot)].signal
        return blindness(ofSignal: signal, at: time) == nil ? counted : Bounds(low: counted.low, high: .infinity)
    }

    /// The newest number of a slot; nil for what is none, and where there is no such slot (-1).
    private func number(inSlot place: Int32) -> Double? {
        place >= 0 && slots[Int(place)].isNumber ? slots[Int(place)].value : nil
    }

    /// Whether events have come that an answer counts, with all the labels that it tells them apart by.
    func holdsEvents(ofAnswer number: Int) -> Bool {
        let place = layout.answerOfNumber[number]
        return place >= 0 && memories[Int(layout.answers[Int(place)].memory)]?.holdsEvents == true
    }

    func bounds(ofAnswer number: Int, at now: Int64) -> Bounds {
        let place = layout.answerOfNumber[number]
        guard place >= 0 else { return .unknown }
        return bounds(of: Int(place), at: now, isFresh: false)
    }

    // MARK: Judging

    private mutating func markDirty(_ place: Int32) {
        guard !isDirty[Int(place)] else { return }
        isDirty[Int(place)] = true
        dirty.append(place)
    }

    /// Judges all patterns again with the next sample: what they rest on besides values has changed.
    mutating func lookAnew() { needsReview = true }

    /// Looks at everything anew: what a judgement hangs on was not watched until now. A condition on its way waits for
    /// its next sample, as it would have without this.
    private mutating func review(at moment: Int64) {
        needsReview = false
        for index in answers.indices { refresh(index, at: moment) }
        for place in layout.patterns.indices where progress[layout.patterns[place].entry] == nil {
            markDirty(Int32(place))
        }
    }

    /// Whether a pattern had a sample at that moment.
    private func isTouched(_ place: Int32, at moment: Int64) -> Bool {
        layout.patterns[Int(place)].slots.contains { slots[Int($0)].time == moment }
    }

    /// Whether a pattern that is judged at every sample is known not to hold until something marks it.
    private func rests(_ place: Int32, at moment: Int64) -> Bool {
        guard isResting[Int(place)] else { return false }
        switch layout.patterns[Int(place)].rest {
        case .never: return false
        case .untilMarked: return true
        case .untilStale: return layout.patterns[Int(place)].slots.allSatisfy { !slots[Int($0)].isStale(at: moment) }
        }
    }

    /// Lets a pattern rest that was found not to hold.
    mutating func setResting(_ place: Int, _ rests: Bool) { isResting[place] = rests }

    /// Judges what may have changed by the samples of a moment, or by time alone.
    mutating func evaluate(
        at moment: Int64, isTick: Bool, known: [ComponentID: Component], book: Rulebook, writing: Replay.Writing
    ) -> [FaultChange] {
        // An event that comes late is judged at its own time; all else stands as it was judged since.
        let isLate = moment < newest
        if let from = stop, moment > from {
            let span = Timestamp(milliseconds: moment).milliseconds(since: Timestamp(milliseconds: from))
            endedStop = span > PatternLimits.keepsAtLeast ? from : nil
            stop = nil
        }
        defer {
            endedStop = nil
            if !endedGaps.isEmpty { endedGaps.removeAll() }
            if !endedBlindness.isEmpty { endedBlindness = endedBlindness.filter { moment < $0.value.until } }
        }
        if !isTick { feedLate(at: moment) }
        if needsReview, !isLate, moment >= reviewFrom { review(at: moment) }
        if moment >= nextExpiry, !isLate {
            nextExpiry = .max
            for index in answers.indices {
                if moment >= answers[index].expires { refresh(index, at: moment) }
                nextExpiry = min(nextExpiry, answers[index].expires)
            }
        }
        if !isTick, !isLate {
            for place in layout.alwaysJudged where !rests(place, at: moment) && isTouched(place, at: moment) {
                markDirty(place)
            }
            // What does not come is noticed by what else comes.
            for place in layout.absenceWatchers { markDirty(place) }
            if !faults.isEmpty || !progress.isEmpty {
                for place in layout.absenceEnders {
                    let entry = layout.patterns[Int(place)].entry
                    if faults[entry] != nil || progress[entry] != nil { markDirty(place) }
                }
            }
        }
        if !progress.isEmpty {
            for entry in progress.keys {
                guard let place = layout.patternOfEntry[entry] else { continue }
                if layout.patterns[place].compiled.needsTicks || (!isTick && isTouched(Int32(place), at: moment)) {
                    markDirty(Int32(place))
                }
            }
        }
        guard !dirty.isEmpty else { return [] }
        if dirty.count > 1 { dirty.sort() }
        defer { dirty.removeAll(keepingCapacity: true) }
        let layout = layout
        var changes: [FaultChange] = []
        for index in dirty.indices {
            let place = dirty[index]
            isDirty[Int(place)] = false
            let isSample = !isTick && isTouched(place, at: moment)
            // A condition on its way goes on with its samples, whenever else somebody looks.
            if !isSample, progress[layout.patterns[Int(place)].entry] != nil,
                !layout.patterns[Int(place)].compiled.needsTicks
            {
                continue
            }
            if let change = evaluate(
                place: Int(place), at: moment, isSample: isSample, known: known, book: book, writing: writing)
            {
                changes.append(change)
            }
        }
        return changes
    }

    /// Feeds what is learned with a covariate, when all values of the moment are in.
    private mutating func feedLate(at moment: Int64) {
        for place in layout.lateMemories {
            let plan = layout.memories[Int(place)]
            let slot = slots[Int(plan.slot)]
            guard slot.time == moment, slot.isNumber else { continue }
            let covariate = number(inSlot: plan.covariate)
            if memories[Int(place)] == nil {
                memories[Int(place)] = SignalMemory(plan.rule, first: slot, covariate: covariate)
            } else {
                let isFrozen = plan.patterns.contains { pattern in
                    let entry = layout.patterns[Int(pattern)].entry
                    return faults[entry] != nil || progress[entry] != nil
                }
                memories[Int(place)]?.take(
                    slot, before: slot, for: plan.rule, covariate: covariate, isFrozen: isFrozen)
            }
            refresh(answersOf: Int(place), at: moment)
        }
    }

    /// Notes when time alone may change what this component reports, for `wakesAt`.
    mutating func setAlarm() {
        let mayWake = !faults.isEmpty || !progress.isEmpty || !acquittals.isEmpty || !layout.ticking.isEmpty
        wakesAt = !mayWake ? .max : needsReview ? .min : nextExpiry
        guard !progress.isEmpty else { return }
        let counts = progress.keys.contains { entry in
            layout.patternOfEntry[entry].map { layout.patterns[$0].compiled.needsTicks } ?? false
        }
        if counts { wakesAt = .min }
    }

    // MARK: Reading

    func text(ofSlot place: Int) -> String? { texts[Int32(place)] }

    /// The newest fall of the persistent counter in a slot.
    func fall(ofSlot place: Int) -> CounterFall? {
        for memory in layout.slots[place].memories {
            if case .rises(let history)? = memories[Int(memory)] { return history.fall }
        }
        return nil
    }

    /// The place of a signal here, by its number in the pack.
    @inline(__always)
    func slot(of signal: Int) -> Int? {
        let place = layout.slotOfSignal[signal]
        return place >= 0 ? Int(place) : nil
    }

    // MARK: Changes of what is known

    /// Takes another layout: patterns have been chosen anew. What is remembered moves along.
    mutating func relayout(_ next: Layout) {
        guard next !== layout else { return }
        var moved = ComponentMemory(id: id, kind: kind, layout: next)
        for (place, plan) in layout.slots.enumerated() {
            let target = next.slotOfSignal[plan.signal]
            guard target >= 0 else { continue }
            moved.slots[Int(target)] = slots[place]
            if slots[place].content != .none { moved.told.append(target) }
            moved.texts[target] = texts[Int32(place)]
        }
        for (place, plan) in layout.memories.enumerated() {
            let target = next.memoryOfNumber[plan.number]
            if target >= 0 { moved.memories[Int(target)] = memories[place] }
        }
        moved.attributes = attributes
        moved.serial = serial
        moved.hours = hours
        moved.faults = faults
        moved.progress = progress
        moved.sequences = sequences
        moved.heldFaults = heldFaults
        moved.acquittals = acquittals
        moved.mends = mends
        moved.declaredReplaced = declaredReplaced
        moved.hasNewLatches = hasNewLatches
        moved.hasNewWindows = hasNewWindows
        moved.newest = newest
        moved.keep = keep
        moved.stoppedAt = stoppedAt
        moved.stop = stop
        moved.heard = heard
        moved.sources = sources
        moved.endedBlindness = endedBlindness
        moved.windowsAsOf = windowsAsOf
        self = moved
        for index in slots.indices where slots[index].isNumber { settle(index) }
        needsReview = true
    }

    /// Forgets what was read: another part has taken the place, or it was mended.
    /// - Parameter isWord: a person says so, and the machine does not. Then the best and worst that was ever read stays, for
    ///   by it patterns know what this place can do: a fan that still stands must not pass for a header without one.
    mutating func forget(byWord isWord: Bool) {
        var empty = ComponentMemory(id: id, kind: kind, layout: layout)
        empty.attributes = attributes
        empty.serial = serial
        empty.mends = mends
        if isWord {
            for (place, plan) in layout.memories.enumerated() where plan.rule == .lifetime {
                empty.memories[place] = memories[place]
            }
        }
        empty.hasNewLatches = true
        empty.hasNewWindows = true
        self = empty
    }

    /// Another part is there than a person declared replaced: what that one was at its best is nothing to it.
    mutating func forgetLifetimes() {
        declaredReplaced = nil
        for (place, plan) in layout.memories.enumerated() where plan.rule == .lifetime {
            let slot = slots[Int(plan.slot)]
            memories[place] =
                slot.isNumber ? SignalMemory(plan.rule, first: slot, covariate: number(inSlot: plan.covariate)) : nil
            if newest != .min { refresh(answersOf: place, at: newest) }
        }
        hasNewWindows = true
    }

    /// Forgets what a pattern has counted: what was read last is its baseline. What was ever read at best and worst is no count.
    mutating func forgetCounts(of entry: Int) {
        progress[entry] = nil
        guard let place = layout.patternOfEntry[entry] else { return }
        for sequence in layout.patterns[place].compiled.sequences { sequences[sequence.number] = nil }
        for (index, plan) in layout.memories.enumerated()
        where plan.patterns.contains(Int32(place)) && plan.rule != .lifetime {
            let slot = slots[Int(plan.slot)]
            memories[index] =
                plan.rule.isOfEvents
                ? SignalMemory.ofEvents(plan.rule)
                : slot.isNumber
                    ? SignalMemory(plan.rule, first: slot, covariate: number(inSlot: plan.covariate)) : nil
            if newest != .min { refresh(answersOf: index, at: newest) }
        }
    }

    // MARK: Storing

    func latches(
        of book: Rulebook, _ component: Component?, told: RootCause, asOf time: Timestamp
    ) throws -> Data {
        func named<Value>(_ values: [Int: Value]) -> [String: Value] {
            Dictionary(values.map { (book.entries[$0.key].id, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        var causes: [String: StoredCause] = [:]
        var otherwise: [String: Fault] = [:]
        for (entry, fault) in faults {
            let key = RootCause.Key(component: id, entry: entry)
            if let cause = told.causes[key] {
                causes[book.entries[entry].id] = StoredCause(
                    component: cause.component, pattern: book.entries[cause.entry].id)
            } else if let cause = told.orphans[key] {
                causes[book.entries[entry].id] = cause
            } else if let told = told.told[key], told != fault {
                otherwise[book.entries[entry].id] = told
            }
        }
        return try WireFormat.encode(
            StoredLatches(
                asOf: time, serial: serial, component: component,
                faults: named(faults).merging(heldFaults) { first, _ in first }, progress: named(progress),
                memories: stored(book) { $0.isOfEvents }, told: otherwise.isEmpty ? nil : otherwise,
                editions: editions(of: book),
                causes: causes.isEmpty ? nil : causes, acquittals: acquittals.isEmpty ? nil : named(acquittals),
                mends: mends.isEmpty ? nil : mends, declaredReplaced: declaredReplaced,
                heard: heard.isEmpty ? nil : heardByName(book)))
    }

    /// Of the patterns that have something on its way here.
    private func editions(of book: Rulebook) -> [String: String]? {
        var editions: [String: String] = [:]
        func note(_ entry: Int) { editions[book.entries[entry].id] = book.edition(of: entry) }
        for entry in progress.keys { note(entry) }
        if !sequences.isEmpty {
            for plan in layout.patterns where !plan.compiled.sequences.isEmpty { note(plan.entry) }
        }
        return editions.isEmpty ? nil : editions
    }

    private func heardByName(_ book: Rulebook) -> [String: [String]] {
        Dictionary(
            heard.map { (book.tables.signalKeys[$0.key], sources.names(of: $0.value)) },
            uniquingKeysWith: { first, _ in first })
    }

    func windows(of book: Rulebook, asOf time: Timestamp) throws -> Data {
        var latest: [String: Latest] = [:]
        for (place, slot) in slots.enumerated() where slot.content != .none {
            latest[book.tables.signalKeys[layout.slots[place].signal]] = slot.stored(text: texts[Int32(place)])
        }
        return try WireFormat.encode(
            StoredWindows(
                latest: latest, memories: stored(book) { !$0.isOfEvents },
                sequences: Dictionary(
                    sequences.map { (book.tables.sequences[$0.key], $0.value) }, uniquingKeysWith: { first, _ in first }
                ), hours: hours, asOf: time))
    }

    private func stored(_ book: Rulebook, where isWanted: (MemoryRule) -> Bool) -> [String: SignalMemory] {
        var result: [String: SignalMemory] = [:]
        for (place, plan) in layout.memories.enumerated() where isWanted(plan.rule) {
            result[book.tables.memoryKeys[plan.number]] = memories[place]
        }
        return result
    }

    /// Takes up what was stored. Values and memories that no pattern of the pack wants are left behind.
    /// - Parameter sources: those that events came from are added as of the time of what was stored.
    mutating func resume(
        _ latches: StoredLatches, _ windows: StoredWindows?, book: Rulebook, sources: inout EventSources
    ) {
        for (key, names) in latches.heard ?? [:] {
            guard let signal = book.tables.signalNumbersByKey[key] else { continue }
            for name in names {
                guard let number = sources.number(of: name, at: latches.asOf.milliseconds) else { continue }
                heard[signal, default: 0] |= 1 << UInt64(number)
            }
        }
        mends = latches.mends ?? [:]
        declaredReplaced = latches.declaredReplaced
        for (id, urgency) in latches.acquittals ?? [:] {
            if let entry = book.entryOfPattern[id] { acquittals[entry] = urgency }
        }
        for (name, value) in windows?.latest ?? [:] {
            guard let number = book.tables.signalNumbersByKey[name], let place = slot(of: number) else { continue }
            if slots[place].content == .none { told.append(Int32(place)) }
            slots[place] = Slot(value)
            newest = max(newest, value.time.milliseconds)
            switch value.measurement {
            case .state(let text), .event(let text): texts[Int32(place)] = text
            case .unavailable(let reason): texts[Int32(place)] = reason.rawValue
            case .reading, .counter: break
            }
        }
        for (key, value) in latches.memories.merging(windows?.memories ?? [:], uniquingKeysWith: { first, _ in first })
        {
            guard let number = book.tables.memoryNumbers[key], layout.memoryOfNumber[number] >= 0,
                value.fits(book.tables.memories[number].rule)
            else { continue }
            memories[Int(layout.memoryOfNumber[number])] = value
        }
        // A pattern and its variants follow sequences under one name.
        for (number, key) in book.tables.sequences.enumerated() {
            guard let value = windows?.sequences[key], latches.goesOn(String(key.prefix { $0 != "#" }), in: book) else {
                continue
            }
            sequences[number] = value
        }
        hours = windows?.hours
        windowsAsOf = windows.map { $0.asOf?.milliseconds ?? .min }
        for index in slots.indices where slots[index].isNumber { settle(index) }
        needsReview = true
    }
}

extension SignalMemory {
    /// An empty memory of events, from when the source was first seen.
    static func ofEvents(_ rule: MemoryRule) -> SignalMemory? {
        switch rule {
        case .events: .events(SerdEngine())
        case .keyedEvents: .keyedEvents(KeyedSerd())
        case .distinct(_, let labels, _):
            labels.count == 1
                ? .distinct(DistinctWindow()) : .spread(Array(repeating: DistinctWindow(), count: labels.count))
        case .measured: .measured(MeasuredEvents())
        case .bucket: .bucket(LeakyBucket())
        case .rises, .lifetime, .samples, .trend, .baseline: nil
        }
    }

    /// Takes an event.
    /// - Returns: false where it was known.
    mutating func take(
        event text: String, times: Int, _ signal: Signal, for rule: MemoryRule, at time: Timestamp
    ) -> Bool {
        var isNews = false
        switch (consume self, rule) {
        case (.events(var events), .events(let count, _)):
            isNews = events.take(text, times: times, at: time, count: count)
            self = .events(events)
        case (.keyedEvents(var events), .keyedEvents(let labels, let count, let window)):
            if let key = Self.key(labels, of: signal) {
                isNews = events.take(text, times: times, key: key, at: time, count: count, within: window)
            }
            self = .keyedEvents(events)
        case (.spread(var windows), .distinct(let group, let labels, let window)):
            if let group = Self.key(group, of: signal) {
                for (index, label) in labels.enumerated() where index < windows.count {
                    guard let value = Self.known(label, of: signal) else { continue }
                    if windows[index].take(value: value, group: group, at: time, window: window) { isNews = true }
                }
            }
            self = .spread(windows)
        case (.distinct(var events), .distinct(let group, let labels, let window)):
            if let group = Self.key(group, of: signal), let value = labels.first.flatMap({ Self.known($0, of: signal) })
            {
                isNews = events.take(value: value, group: group, at: time, window: window)
            }
            self = .distinct(events)
        case (.measured(var events), .measured(let label, let once, let window)):
            let number = label.map { Self.known($0, of: signal).flatMap(MeasuredEvents.number) } ?? 1
            let value = once.flatMap { Self.known($0, of: signal) }
            if let number, once == nil || value != nil {
                isNews = events.take(text, number: number, value: value, times: times, at: time, window: window)
            }
            self = .measured(events)
        case (.bucket(var bucket), .bucket(let count, let window, _)):
            isNews = bucket.take(text, times: times, at: time, count: count, within: window)
            self = .bucket(bucket)
        case (let other, _): self = other
        }
        return isNews
    }

    /// What an event says of a label; nil where its source does not know it. Two of which it is not known are not of one
    /// value, nor of another than a known one.
    private static func known(_ label: String, of signal: Signal) -> String? {
        signal[label: label].flatMap { $0.isEmpty || $0 == "unknown" ? nil : $0 }
    }

    /// nil unless all of the labels are known.
    private static func key(_ labels: [String], of signal: Signal) -> String? {
        let values = labels.compactMap { known($0, of: signal) }
        return values.count == labels.count ? values.joined(separator: "\u{1f}") : nil
    }

    /// Whether it holds an event that tells all labels which it is told apart by.
    var holdsEvents: Bool {
        switch self {
        case .keyedEvents(let events): !events.events.isEmpty
        case .distinct(let events): !events.events.isEmpty
        case .spread(let windows): windows.allSatisfy { !$0.events.isEmpty }
        case .measured(let events): !events.events.isEmpty
        case .events, .bucket, .rises, .lifetime, .samples, .trend, .baseline: false
        }
    }

    /// Whether stored memory is of the kind that the rule keeps.
    func fits(_ rule: MemoryRule) -> Bool {
        switch (self, rule) {
        case (.rises, .rises), (.lifetime, .lifetime), (.samples, .samples), (.trend, .trend), (.baseline, .baseline),
            (.events, .events), (.keyedEvents, .keyedEvents), (.measured, .measured), (.bucket, .bucket):
            true
        case (.distinct, .distinct(_, let labels, _)): labels.count == 1
        case (.spread(let windows), .distinct(_, let labels, _)): windows.count == labels.count
        default: false
        }
    }
}

extension StoredLatches {
    /// Whether what a pattern had on its way goes on: the same edition of it is there. What a condition has come to says
    /// nothing of another condition.
    func goesOn(_ id: String, in book: Rulebook) -> Bool {
        guard let entry = book.entryOfPattern[id] else { return false }
        return editions?[id].map { $0 == book.edition(of: entry) } ?? true
    }
}
