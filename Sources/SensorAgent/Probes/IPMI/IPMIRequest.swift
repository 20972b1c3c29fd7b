/// One command for a management controller (Intelligent Platform Management Interface specification 2.0, chapter 5).
struct IPMIRequest: Hashable, Sendable {
    /// The BMC's own address on its bus (section 5.1); a satellite controller has another.
    static let bmc: UInt8 = 0x20

    /// Network function, an even number.
    var function: UInt8
    var command: UInt8
    var data: [UInt8] = []
    /// Logical unit (LUN) within the controller, 0 to 3.
    var unit: UInt8 = 0
    /// Which controller is asked; another than the BMC is reached through it, over `channel`.
    var owner = IPMIRequest.bmc
    var channel: UInt8 = 0
}

/// The answer to a command.
struct IPMIResponse: Hashable, Sendable {
    /// Completion codes of table 5-2 that mean more than a refusal.
    static let timeout: UInt8 = 0xC3
    static let unspecified: UInt8 = 0xFF

    /// 00h: done; any other value is the reason why not.
    var completion: UInt8
    var data: [UInt8]

    /// What was asked for; nil where the controller refused.
    var granted: [UInt8]? { completion == 0 ? data : nil }
}

/// Brings one command at a time to a BMC, and its answer back.
protocol IPMIChannel: Sendable {
    func answer(to request: IPMIRequest) async throws(IPMITransportError) -> IPMIResponse
}

/// Why no answer came.
enum IPMITransportError: Error, Hashable, Sendable {
    case timedOut(after: Duration)
    /// The driver failed, with errno(3).
    case failed(errno: Int32)
    case tool(Tool.Failure)
}
