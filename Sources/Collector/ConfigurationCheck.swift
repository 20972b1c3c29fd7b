import Daemon
import FoundationEssentials
import Glibc
import Reports

/// What the text of a configuration does not show: whether the files that it names can be used, whether addresses are
/// addresses, and what a recipient lacks. The collector starts all the same, as the other recipients can be served; it
/// logs each, and `check-config` refuses them.
struct ConfigurationCheck {
    let configuration: CollectorConfiguration
    let file: ConfigurationFile
    /// Partners that this collector is paired with already; nil where that is not known.
    let paired: Set<String>?
    /// The directory of systemd's credentials; nil outside the service.
    let credentials: String?

    private(set) var errors: [ConfigurationError] = []
    /// What could not be looked at, in words.
    private(set) var notes: [String] = []

    init(
        _ configuration: CollectorConfiguration, _ file: ConfigurationFile, paired: Set<String>?,
        credentials: String? = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"]
    ) {
        self.configuration = configuration
        self.file = file
        self.paired = paired
        self.credentials = credentials
        checkAddresses()
        for channel in configuration.channels { check(channel) }
        for recipient in configuration.recipients {
            var check = RecipientCheck(recipient, file, isPaired: paired?.contains(recipient.name), credentials)
            recipient.channel.settings.check(&check)
            errors += check.errors
            notes += check.notes
        }
    }

    private mutating func refuse(_ key: String, _ problem: String) { errors.append(file.error(key, problem)) }

    // MARK: This collector

    private mutating func checkAddresses() {
        if let problem = ListenAddress.problem(configuration.listenAddress) { refuse("listen", problem) }
        for name in configuration.names where !ConfigurationCheck.isHost(name) {
            refuse(
                "names",
                "\(CleanText.line(name, limit: 80)) is no DNS name and no address: leave out https:// and the port")
        }
    }

    private mutating func check(_ channel: PatternChannelSettings) {
        do throws(PatternChannelProblem) { _ = try channel.pinned() } catch {
            refuse(channel.key("root"), error.description)
        }
        do throws(PatternChannelProblem) { _ = try channel.opened() } catch {
            refuse(
                channel.key(channel.ca.map { error.description.hasPrefix($0) } ?? false ? "ca" : "source"),
                error.description)
        }
        if channel.source.hasPrefix("https://"), !WebAddress.isValid(channel.source, schemes: ["https"]) {
            refuse(
                channel.key("source"),
                "\(CleanText.line(channel.source, limit: 200)) is no address of the form https://server/path")
        }
    }

    private static func isHost(_ name: String) -> Bool {
        if IPAddressBytes.parse(name) != nil { return true }
        return name.utf8.count <= 253
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
            }
    }
}

/// An address of this machine to listen on.
enum ListenAddress {
    /// What is wrong with it, and what to do; nil where it can be listened on. The port is not tried: the collector may be
    /// running on it.
    static func problem(_ address: String) -> String? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(address, nil, &hints, &found) == 0, let first = unsafe found else {
            return "\(CleanText.line(address, limit: 80)) is no address and no name that this machine knows"
        }
        defer { unsafe freeaddrinfo(first) }
        let kind = unsafe Int32(first.pointee.ai_socktype) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(first.pointee.ai_family, kind, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Port 0, which the kernel replaces by a free one.
        guard unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else {
            return errno == EADDRNOTAVAIL
                ? "this machine has no address \(CleanText.line(address, limit: 80)): ip address shows those it has"
                : nil
        }
        return nil
    }
}
