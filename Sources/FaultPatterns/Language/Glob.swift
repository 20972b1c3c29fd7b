/// Texts with `*` for anything, upper and lower case alike: `ST4000DM*`, `CT*MX500*`.
enum Glob {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.lowercased().unicodeScalars)
        let text = Array(text.lowercased().unicodeScalars)
        var (p, t) = (0, 0)
        var star: Int?
        var mark = 0
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                star = p
                mark = t
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let star {
                p = star + 1
                mark += 1
                t = mark
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == "*" { p += 1 }
        return p == pattern.count
    }

    /// Whether all texts that `inner` matches are matched by `outer`.
    static func covers(_ outer: String, _ inner: String) -> Bool {
        // A star of `inner` can only be taken by a star of `outer`: read it as a character that nothing else is.
        let probe = inner.map { $0 == "*" ? "\u{1}" : String($0) }.joined()
        return matches(outer, probe)
    }

    /// Whether some text may be matched by both.
    static func overlap(_ left: String, _ right: String) -> Bool {
        let left = Array(left.lowercased().unicodeScalars)
        let right = Array(right.lowercased().unicodeScalars)
        // reach[j]: whether the first i of `left` and the first j of `right` may be of one text.
        var reach = [Bool](repeating: false, count: right.count + 1)
        reach[0] = true
        for j in right.indices where right[j] == "*" && reach[j] { reach[j + 1] = true }
        for i in left.indices {
            var next = [Bool](repeating: false, count: right.count + 1)
            for j in 0...right.count {
                if left[i] == "*", reach[j] || (j > 0 && next[j - 1]) { next[j] = true }
                if j > 0, right[j - 1] == "*", next[j - 1] || reach[j] { next[j] = true }
                if j > 0, left[i] == right[j - 1], reach[j - 1] { next[j] = true }
                if j > 0, right[j - 1] == "*", reach[j] { next[j] = true }
            }
            reach = next
        }
        return reach[right.count]
    }
}
