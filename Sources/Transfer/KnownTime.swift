import Glibc

/// What a client knows of the time where its own clock may be decades off.
///
/// The dates of a certificate are held against the machine's clock, as everywhere, unless that one is further ahead of what is
/// known than any client that was in touch can be: then the clock is taken to be wrong, a server's certificate ends only by
/// what is known, and nobody is locked out by an empty battery.
struct KnownTime: Sendable, Hashable {
    /// Seconds: longer than a collector's certificate is good, and than agents go without a new one of their own.
    static let patience: Int64 = 400 * 86_400

    /// Seconds since 1970 that have passed for certain.
    var seconds: Int64
    /// The machine's clock, seconds since 1970.
    var clock: Int64

    init(seconds: Int64, clock: Int64 = Int64(time(nil))) {
        (self.seconds, self.clock) = (seconds, clock)
    }

    /// Whether the machine's clock decides nothing.
    var isClockWrong: Bool { clock.subtractingReportingOverflow(KnownTime.patience).partialValue > seconds }

    /// That TLS does not look at dates, where the library is OpenSSL; with others it goes on looking at the clock.
    /// - Parameters:
    ///   - context: `SSL_CTX` of the connection.
    ///   - library: as libcurl names it: `OpenSSL/3.0.19`.
    static func ignoreDates(_ context: UnsafeMutableRawPointer?, library: String) {
        typealias Parameters = @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
        typealias SetFlags = @convention(c) (UnsafeMutableRawPointer?, CUnsignedLong) -> CInt
        guard library.hasPrefix("OpenSSL/"), let parameters = unsafe dlsym(nil, "SSL_CTX_get0_param"),
            let setFlags = unsafe dlsym(nil, "X509_VERIFY_PARAM_set_flags")
        else { return }
        let found = unsafe unsafeBitCast(parameters, to: Parameters.self)(context)
        guard unsafe found != nil else { return }
        _ = unsafe unsafeBitCast(setFlags, to: SetFlags.self)(found, noCheckTime)
    }

    /// X509_V_FLAG_NO_CHECK_TIME (x509_vfy.h).
    private static let noCheckTime: CUnsignedLong = 0x20_0000
}
