import Reports

/// What one kernel message, or a block of them, reports: a signal of some part.
struct KernelFact: Hashable, Sendable {
    /// The row of the table that recognised it.
    var recogniser: String
    var subject: KernelSubject
    var signal: Signal
    /// The word where the signal is a state; nil for an event.
    var state: String?
    /// What the kernel logged.
    var text: String
    var stamp: KernelMessage.Stamp?
    /// How many of it the message reports.
    var count: UInt64 = 1
    var family = Family.log
    /// Of a memory error: the page (4 KiB) of its physical address; nil where no source states it.
    var page: UInt64?

    /// Which source reports such an event where several have it.
    enum Family: Hashable, Sendable {
        /// The kernel's log alone.
        case log
        /// Trace events where tracing works (`KernelTraces`), else the log.
        case memory, machineChecks, pcie
        /// EDAC where it counts errors; else what reports machine checks.
        case checkedMemory
        /// EDAC where it counts errors, since it receives what the firmware reports; else the firmware's own words.
        case firmwareMemory
    }
}
