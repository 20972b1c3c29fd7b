import Reports

/// Finds the memory errors that a log contains twice: of each one that the firmware hands over, `ghes_edac`
/// (drivers/edac/ghes_edac.c) writes a line of EDAC, and the kernel the block of the firmware's record before or after it.
///
/// EDAC's line names the module, so it stays; a block without one is reported by itself. Each line stands for as
/// many errors as it counts, so that ten errors of one page stay ten.
struct DuplicateFirmwareErrors {
    /// Between a line and its block; a serial console that is slow draws them apart by a good second.
    static let span = Duration.seconds(2)

    private struct Line {
        var stamp: KernelMessage.Stamp?
        /// Errors that no block has claimed yet.
        var left: UInt64
    }

    /// EDAC's lines of each page (0 where none is given), in the order of the log.
    private var lines: [UInt64: [Line]] = [:]
    /// Of each page the first line that a block may still claim.
    private var next: [UInt64: Int] = [:]

    /// Leaves out errors in blocks that a line of EDAC reports, and those of machine checks where EDAC reports any: it
    /// decodes them all.
    static func removed(from facts: [KernelFact]) -> [KernelFact] {
        let hasEDAC = facts.contains { $0.family == .memory && $0.isMemoryError }
        let facts = hasEDAC ? facts.filter { $0.family != .checkedMemory } : facts
        guard facts.contains(where: { $0.family == .firmwareMemory }) else { return facts }
        var echoes = DuplicateFirmwareErrors()
        for fact in facts where fact.family == .memory && fact.isMemoryError {
            echoes.lines[fact.page ?? 0, default: []].append(Line(stamp: fact.stamp, left: fact.count))
        }
        // What a record states of one error begins with the error itself.
        var isEcho = false
        return facts.filter { fact in
            guard fact.family == .firmwareMemory else { return true }
            if fact.isMemoryError { isEcho = echoes.claim(fact) }
            return !isEcho
        }
    }

    /// Whether a line is left that reports the block's error.
    private mutating func claim(_ block: KernelFact) -> Bool {
        let page = block.page ?? 0
        // Blocks come in the order of their times: lines that are too old for this one are too old for all that follow.
        while let line = lines[page]?.dropFirst(next[page] ?? 0).first {
            let index = next[page] ?? 0
            let distance = DuplicateFirmwareErrors.distance(from: line.stamp, to: block.stamp)
            if line.left > 0, distance <= DuplicateFirmwareErrors.span, distance >= .zero - DuplicateFirmwareErrors.span
            {
                lines[page]?[index].left -= 1
                return true
            }
            guard line.left == 0 || distance > .zero else { return false }
            next[page] = index + 1
        }
        return false
    }

    /// Logs without stamps, and clocks that cannot be compared, do not give the distance.
    private static func distance(from: KernelMessage.Stamp?, to: KernelMessage.Stamp?) -> Duration {
        switch (from, to) {
        case (.uptime(let from), .uptime(let to)), (.wall(let from), .wall(let to)): to - from
        default: .zero
        }
    }
}

extension KernelFact {
    fileprivate var isMemoryError: Bool { signal.name == "hw.memory.error" }
}
