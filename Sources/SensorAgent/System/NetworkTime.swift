import Glibc

/// Whether something disciplines the kernel's clock: adjtimex(2) without a change.
enum NetworkTime {
    /// Bytes for `struct timex`, which has 208 on 64-bit machines; its `modes` of 0 asks only.
    private static let stateBytes = 1024
    /// What adjtimex returns for a clock that nothing has set right (TIME_ERROR).
    private static let timeError: Int32 = 5

    /// nil where the kernel gives none. Swift's module of the C library lacks sys/timex.h, so adjtimex is looked up.
    static var isSynchronised: Bool? {
        typealias Function = @convention(c) (UnsafeMutableRawPointer?) -> Int32
        guard let symbol = unsafe dlsym(nil, "adjtimex") else { return nil }
        let adjtimex = unsafe unsafeBitCast(symbol, to: Function.self)
        var state = [UInt64](repeating: 0, count: stateBytes / 8)
        let answer = unsafe state.withUnsafeMutableBytes { unsafe adjtimex($0.baseAddress) }
        return answer < 0 ? nil : answer != timeError
    }
}
