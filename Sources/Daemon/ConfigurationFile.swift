public import FoundationEssentials
import Glibc
import Reports

/// A configuration of lines `key = value`, as systemd writes them (systemd.syntax(7)) but without sections.
///
/// Lines that begin with `#` or `;` are comments. Files of the directory `PATH.d` whose names end in `.conf` are read
/// after the file itself, in the order of their names. The last assignment of a key counts; for lists every assignment
/// adds to the ones before, and an empty one clears them.
public struct ConfigurationFile: Sendable {
    /// Bytes of one file.
    public static let maximumBytes = 1 << 20
    /// Bytes of one secret.
    public static let maximumSecretBytes = 64 << 10

    /// One file that was read.
    public struct Source: Sendable {
        public var path: String
        public var text: String
        public init(path: String, text: String) {
            self.path = path
            self.text = text
        }
    }

    private struct Assignment: Sendable {
        var value: String
        var path: String
        var line: Int
    }

    /// What is wrong with files and lines; what is wrong with values shows when they are read (`ConfigurationReader`).
    public let errors: [ConfigurationError]
    private let assignments: [String: [Assignment]]
    private let credentials: String?
    /// Where a key that was set nowhere would stand.
    private let mainPath: String
    /// In the order in which they are read.
    private let paths: [String]

    // MARK: Reading

    /// - Parameters:
    ///   - path: the main file. It may be missing, as every key has a default, unless `mustExist`.
    ///   - keys: what may be set. `*` stands for one name of the user's choice: `recipient.*.to`.
    ///   - credentials: the directory of systemd's credentials (systemd.exec(5), LoadCredential).
    public init(
        path: String, allowing keys: [String], mustExist: Bool = false,
        credentials: String? = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"]
    ) {
        var sources: [Source] = []
        var unread: [ConfigurationError] = []
        func read(_ path: String) {
            do throws(ConfigurationError) {
                sources.append(Source(path: path, text: try ConfigurationFile.read(path)))
            } catch {
                unread.append(error)
                sources.append(Source(path: path, text: ""))
            }
        }
        let isThere = FileManager.default.fileExists(atPath: path)
        if isThere || mustExist { read(path) }
        let folder = path + ".d"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names.sorted() where name.hasSuffix(".conf") && !name.hasPrefix(".") { read("\(folder)/\(name)") }
        self.init(parsing: sources, allowing: keys, credentials: credentials, mainPath: path, unread: unread)
    }

    /// Reads texts in the order given.
    public init(
        parsing sources: [Source], allowing keys: [String], credentials: String? = nil,
        mainPath: String = "configuration"
    ) {
        self.init(parsing: sources, allowing: keys, credentials: credentials, mainPath: mainPath, unread: [])
    }

    private init(
        parsing sources: [Source], allowing keys: [String], credentials: String?, mainPath: String,
        unread: [ConfigurationError]
    ) {
        let known = keys.map { $0.split(separator: ".", omittingEmptySubsequences: false) }
        var assignments: [String: [Assignment]] = [:]
        var errors = unread
        for source in sources {
            let lines = source.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            for (index, text) in lines.enumerated() {
                let line = text.trimmed
                guard let first = line.first, first != "#", first != ";" else { continue }
                func refuse(_ problem: String) {
                    errors.append(ConfigurationError(path: source.path, line: index + 1, problem: problem))
                }
                guard let equals = line.firstIndex(of: "="), first != "[" else {
                    refuse("\(line.prefix(80).debugDescription) is no `key = value`; sections are not used here")
                    continue
                }
                let key = line[..<equals].trimmed
                guard known.contains(where: { ConfigurationFile.key(key, matches: $0) }) else {
                    let nearest = ConfigurationFile.nearest(to: key, among: known)
                    let hint = nearest.map { "; perhaps \($0)" } ?? ""
                    refuse("\(key.prefix(80).debugDescription) is no known key\(hint)")
                    continue
                }
                let value = line[line.index(after: equals)...].trimmed
                assignments[key, default: []].append(Assignment(value: value, path: source.path, line: index + 1))
            }
        }
        self.errors = errors
        self.assignments = assignments
        self.credentials = credentials
        self.mainPath = sources.first?.path ?? mainPath
        paths = sources.map(\.path)
    }

    private static func read(_ path: String) throws(ConfigurationError) -> String {
        var isFolder = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder {
            throw ConfigurationError(path: path, line: nil, problem: "it is a folder: name the file in it")
        }
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            guard data.count <= maximumBytes else {
                throw ConfigurationError(path: path, line: nil, problem: "it is larger than \(maximumBytes) bytes")
            }
            guard let text = String(validating: data, as: UTF8.self) else {
                throw ConfigurationError(path: path, line: nil, problem: "it is not UTF-8; save it as such")
            }
            return text
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(
                path: path, line: nil, problem: "it cannot be read: \((error as? CocoaError)?.words ?? "\(error)")")
        }
    }

    private static func key(_ key: String, matches pattern: [Substring]) -> Bool {
        let names = key.split(separator: ".", omittingEmptySubsequences: false)
        guard names.count == pattern.count else { return false }
        return zip(names, pattern).allSatisfy { name, wanted in
            wanted == "*"
                ? !name.isEmpty
                    && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
                : name == wanted
        }
    }

    /// The known key that `key` is a slip of the pen away from; names of the user's choice stay as they are.
    private static func nearest(to key: String, among known: [[Substring]]) -> String? {
        let names = key.split(separator: ".", omittingEmptySubsequences: false)
        let keys = known.map { pattern in
            pattern.enumerated().map { index, part in
                part == "*" && index < names.count ? String(names[index]) : String(part)
            }.joined(separator: ".")
        }
        return Wording.near(key, among: keys, limit: 1).first
    }

    // MARK: Values

    /// Keys that were set.
    public var keys: [String] { assignments.keys.sorted() }

    /// Names that the user chose in the place of `*`: for `recipient`, every NAME of `recipient.NAME.…`.
    public func names(under prefix: String) -> [String] {
        let start = prefix + "."
        let names = assignments.keys.filter { $0.hasPrefix(start) }
            .compactMap { $0.dropFirst(start.count).split(separator: ".").first.map(String.init) }
        return Set(names).sorted()
    }

    /// The value as it was written; nil where the key was not set, or set to nothing.
    public func text(_ key: String) -> String? {
        guard let value = assignments[key]?.last?.value, !value.isEmpty else { return nil }
        return value
    }

    /// Values between commas, of all assignments since the last empty one.
    public func list(_ key: String) -> [String] {
        var values: [String] = []
        for assignment in assignments[key] ?? [] {
            if assignment.value.isEmpty { values = [] }
            values += assignment.value.split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
        }
        return values
    }

    public func integer(_ key: String, in range: ClosedRange<Int> = .min ... .max) throws(ConfigurationError) -> Int? {
        guard let text = text(key) else { return nil }
        guard let value = Int(text) else { throw error(key, "\(text.debugDescription) is no whole number") }
        guard range.contains(value) else {
            throw error(key, "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    /// `yes`, `true`, `on`, `1`, or `no`, `false`, `off`, `0`.
    public func flag(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let text = text(key) else { return nil }
        switch text.lowercased() {
        case "yes", "true", "on", "1": return true
        case "no", "false", "off", "0": return false
        default: throw error(key, "\(text.debugDescription) is neither yes nor no")
        }
    }

    /// The span of time that a person typed, as configurations have it; nil where it is none.
    public static func duration(_ text: String) -> Duration? {
        ConfigurationUnits.milliseconds(text).map { Duration.milliseconds($0) }
    }

    /// `90`, `90s`, `1min 30s`, `2h`, `500ms`, `3d`, `2w`: systemd.time(7); a bare number counts seconds.
    public func duration(
        _ key: String, in range: ClosedRange<Duration>? = nil
    ) throws(ConfigurationError) -> Duration? {
        guard let text = text(key) else { return nil }
        guard let value = ConfigurationUnits.milliseconds(text) else {
            throw error(key, "\(text.debugDescription) is no time span such as 500ms, 10s, 5min, 2h, 3d")
        }
        let duration = Duration.milliseconds(value)
        if let range, !range.contains(duration) {
            let (least, most) = (range.lowerBound.inMilliseconds, range.upperBound.inMilliseconds)
            throw error(
                key,
                "\(text) is not between \(ConfigurationUnits.span(least)) and \(ConfigurationUnits.span(most))")
        }
        return duration
    }

    /// Bytes: `65536`, `64KiB`, `64MiB`, `2GiB`; `K`, `M`, `G`, `T` alone mean the same.
    public func bytes(_ key: String, in range: ClosedRange<Int> = 0 ... .max) throws(ConfigurationError) -> Int? {
        guard let text = text(key) else { return nil }
        guard let value = ConfigurationUnits.bytes(text) else {
            throw error(key, "\(text.debugDescription) is no size such as 65536, 64KiB, 64MiB, 2GiB")
        }
        guard range.contains(value) else {
            throw error(
                key,
                "\(text) is not between \(ConfigurationUnits.size(range.lowerBound)) and "
                    + ConfigurationUnits.size(range.upperBound))
        }
        return value
    }

    /// One of the raw values of `Choice`.
    public func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(ConfigurationError) -> Choice? {
        guard let text = text(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw error(key, "\(text.debugDescription) is none of \(choices)")
        }
        return choice
    }

    /// The secret that the value names: a file where it begins with `/`, else a credential (`LoadCredential=NAME:…`).
    /// The secret itself never stands in the configuration. A line end after it is not part of it.
    public func secret(_ key: String) throws(ConfigurationError) -> String? {
        guard let name = text(key) else { return nil }
        let path: String
        if name.hasPrefix("/") {
            path = name
            var status = stat()
            guard unsafe stat(path, &status) != 0 || status.st_mode & 0o007 == 0 else {
                throw error(key, "everyone may read the secret in \(path): chmod o= it, then renew the secret")
            }
        } else {
            guard !name.contains("/"), name != ".." else {
                throw error(key, "\(name.debugDescription) is no credential")
            }
            guard let credentials else {
                throw error(
                    key, "there is no credential \(name): give it by LoadCredential, or name a file by its path")
            }
            path = "\(credentials)/\(name)"
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw error(key, "the secret in \(path) cannot be read: does it exist, and may this program read it?")
        }
        guard data.count <= ConfigurationFile.maximumSecretBytes, let text = String(validating: data, as: UTF8.self)
        else { throw error(key, "\(path) holds no text of at most \(ConfigurationFile.maximumSecretBytes) bytes") }
        let secret = String(text.reversed().drop(while: \.isNewline).reversed())
        guard !secret.isEmpty else { throw error(key, "the secret in \(path) is empty") }
        return secret
    }

    /// By the order in which files are read, then by line; errors about a whole file go before those in it.
    public func sorted(_ errors: [ConfigurationError]) -> [ConfigurationError] {
        func place(_ error: ConfigurationError) -> (Int, Int) {
            (paths.firstIndex(of: error.path) ?? paths.count, error.line ?? 0)
        }
        return errors.enumerated().sorted { left, right in
            let (one, other) = (place(left.element), place(right.element))
            return one == other ? left.offset < right.offset : one < other
        }.map(\.element)
    }

    /// An error at the place where `key` was set last; where it is missing, at the first line about the same thing
    /// (`recipient.desk.kind` of `recipient.desk.to`).
    public func error(_ key: String, _ problem: String) -> ConfigurationError {
        let assignment = assignments[key]?.last ?? neighbour(of: key)
        return ConfigurationError(
            path: assignment?.path ?? mainPath, line: assignment?.line, problem: "\(key): \(problem)")
    }
}

extension ConfigurationFile {
    private func neighbour(of key: String) -> Assignment? {
        let parts = key.split(separator: ".")
        guard parts.count > 2 else { return nil }
        let thing = parts[..<2].joined(separator: ".") + "."
        return assignments.filter { $0.key.hasPrefix(thing) }.flatMap(\.value)
            .min { (paths.firstIndex(of: $0.path) ?? 0, $0.line) < (paths.firstIndex(of: $1.path) ?? 0, $1.line) }
    }
}

/// Numbers with units, without rounding and without overflow.
enum ConfigurationUnits {
    private static let spans: [String: Int64] = [
        "ms": 1, "s": 1000, "sec": 1000, "": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
        "w": 604_800_000,
    ]
    private static let sizes: [String: Int64] = [
        "": 1, "B": 1, "K": 1 << 10, "KiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30,
        "T": 1 << 40, "TiB": 1 << 40,
    ]

    static func milliseconds(_ text: String) -> Int64? { sum(text, spans) }

    static func bytes(_ text: String) -> Int? { sum(text, sizes).flatMap(Int.init(exactly:)) }

    /// As a person writes it: in the largest unit that makes it a whole number.
    static func span(_ milliseconds: Int64) -> String {
        written(milliseconds, in: [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)], else: "ms")
    }

    static func size(_ bytes: Int) -> String {
        written(
            Int64(bytes), in: [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)], else: " bytes")
    }

    private static func written(_ value: Int64, in units: [(name: String, factor: Int64)], else least: String) -> String
    {
        for unit in units where value >= unit.factor && value % unit.factor == 0 {
            return "\(value / unit.factor)\(unit.name)"
        }
        return "\(value)\(least)"
    }

    /// `1min 30s`: numbers, each with its unit; only a number that stands alone may be without one.
    private static func sum(_ text: String, _ units: [String: Int64]) -> Int64? {
        var rest = Substring(text)
        var total: Int64 = 0
        repeat {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count).drop { $0 == " " }
            guard let number = Int64(digits), let factor = units[String(unit)] else { return nil }
            if unit.isEmpty, digits.count != text.count { return nil }
            let (product, tooLarge) = number.multipliedReportingOverflow(by: factor)
            let (sum, overflow) = total.addingReportingOverflow(product)
            if tooLarge || overflow { return nil }
            total = sum
        } while !rest.isEmpty
        return total
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension CocoaError {
    fileprivate var words: String {
        switch code {
        case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
        case .fileReadNoPermission: "this program may not read it; check owner and mode"
        default: "it is no file of text, or the disk does not return it"
        }
    }
}
