/// `/proc/mdstat` (md(4); drivers/md/md.c, md_seq_show): all arrays of the md driver.
///
/// ```
/// md0 : active raid5 sdm1[4](F) sdj1[0] sdk1[1] sdl1[2]
///       23441679360 blocks super 1.2 level 5, 64k chunk, algorithm 2 [4/3] [UUU_]
///       [>....................]  recovery =  1.2% (96275752/7813893120) finish=639.3min speed=201178K/sec
/// ```
/// Lines that a mail program broke are read as well.
struct MDStat: Sendable {
    /// Bytes read of the file: 512 arrays of 64 disks make 1 MB.
    static let fileBytes = 2 << 20
    /// Arrays taken; the kernel has at most 512 of version 0.90, and few machines ten.
    static let arrayLimit = 1_024
    /// Members taken of one array.
    static let memberLimit = 4_096

    /// Why a text is no mdstat.
    enum Refusal: Error, Hashable { case noPersonalities }

    private(set) var arrays: [MDArray] = []

    init(parsing bytes: [UInt8]) throws(Refusal) {
        let text = String(decoding: bytes.prefix(MDStat.fileBytes), as: UTF8.self)
        var blocks: [String] = []
        var isMDStat = false
        var isBroken = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("Personalities") || line.hasPrefix("unused devices") || line.hasPrefix("read_ahead") {
                isMDStat = true
                isBroken = true
            } else if MDStat.isHeader(line) {
                guard blocks.count < MDStat.arrayLimit else { break }
                blocks.append(String(line))
                isBroken = false
            } else if line.allSatisfy(\.isWhitespace) {
                isBroken = true
            } else if !isBroken, let last = blocks.indices.last {
                blocks[last] += " \(line)"
            }
        }
        guard isMDStat || !blocks.isEmpty else { throw .noPersonalities }
        arrays = blocks.compactMap(MDStat.array)
    }

    /// `md0 : active`, `md_d0 : inactive`, `md/home : active`.
    private static func isHeader(_ line: Substring) -> Bool {
        guard line.hasPrefix("md"), let colon = line.firstRange(of: " : ") else { return false }
        let state = line[colon.upperBound...]
        return line[..<colon.lowerBound].allSatisfy { !$0.isWhitespace }
            && ["active", "inactive", "broken"].contains { state.hasPrefix($0) }
    }

    private static func array(_ block: String) -> MDArray? {
        guard let colon = block.firstRange(of: " : ") else { return nil }
        var words = block[colon.upperBound...].split { $0 == " " || $0 == "\t" || $0 == "\r" }[...]
        guard let state = words.popFirst() else { return nil }
        var array = MDArray(name: String(block[..<colon.lowerBound]), arrayState: String(state))
        if let word = words.first, word.hasPrefix("("), !word.contains("[") {
            array.arrayState = word == "(read-only)" ? "readonly" : array.arrayState
            words.removeFirst()
        }
        if let word = words.first, !word.contains("["), word.first?.isLetter == true {
            array.level = String(word)
            words.removeFirst()
        }
        var rest: [Substring] = []
        for word in words {
            // `[4/3]` and `[UUU_]` come later, and no name stands before their brackets.
            if let member = member(word), array.members.count < memberLimit {
                array.members.append(member)
            } else {
                rest.append(word)
            }
        }
        array.read(rest)
        return array
    }

    /// `sdm1[4](F)`: failed; `(S)` spare, `(J)` journal, `(W)` write-mostly, `(R)` being copied.
    private static func member(_ word: Substring) -> MDArray.Member? {
        guard let open = word.firstIndex(of: "["), open > word.startIndex, word.first?.isLetter == true,
            let close = word[open...].firstIndex(of: "]"),
            let number = Int(word[word.index(after: open)..<close])
        else { return nil }
        let flags = word[word.index(after: close)...]
        let state: MemberState = flags.contains("(F)") ? .faulty : flags.contains("(S)") ? .spare : .inSync
        return MDArray.Member(device: String(word[..<open]), state: state, number: number)
    }
}

extension MDArray {
    /// What follows the members: `N blocks super 1.2 …, [4/3] [UUU_] [=>…] recovery = 1.2% (…)`.
    fileprivate mutating func read(_ words: [Substring]) {
        if let mark = words.firstIndex(of: "super"), mark + 1 < words.count { metadata = String(words[mark + 1]) }
        // Blanks that a broken line left inside brackets mean nothing.
        let text = words.joined(separator: " ")
        for group in text.split(separator: "[").dropFirst() {
            guard let close = group.firstIndex(of: "]") else { continue }
            let inside = group[..<close].filter { $0 != " " }
            let counts = inside.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
            let isCount = { (number: Int) in (0...MDStat.memberLimit).contains(number) }
            if counts.count == 2, let all = counts[0], let working = counts[1], isCount(all), isCount(working) {
                wanted = all
                degraded = max(0, all - working)
                break
            }
        }
        for action in ["recovery", "resync", "reshape", "check", "repair"] {
            if let mark = words.firstIndex(of: Substring(action)), mark + 2 < words.count, words[mark + 1] == "=",
                let percent = Double(words[mark + 2].prefix { $0 != "%" }), percent.isFinite
            {
                activity = action
                progress = min(max(percent / 100, 0), 1)
            } else if let word = words.first(where: { $0.hasPrefix("\(action)=") }) {
                // It waits for another array, or for the first write.
                let isRebuild = action == "recovery" || action == "resync"
                activity =
                    isRebuild && word.hasSuffix("=DELAYED")
                    ? "queued" : isRebuild && word.hasSuffix("=PENDING") ? "pending" : action
            }
        }
        if activity == "recovery" || activity == "queued" { markRebuilding() }
    }

    /// mdstat does not show which member is being filled: the newest ones are.
    private mutating func markRebuilding() {
        guard degraded > 0 else { return }
        let working = members.indices.filter { members[$0].state == .inSync }
            .sorted { (members[$0].number ?? 0) > (members[$1].number ?? 0) }
        let surplus = working.count - ((wanted ?? working.count) - degraded)
        for index in working.prefix(max(0, surplus)) { members[index].state = .rebuilding }
    }
}
