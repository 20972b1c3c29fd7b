import Reports

extension Language {
    /// The first language of an `Accept-Language` header (RFC 9110 section 12.5.4) that is spoken here, by weight.
    /// German where nothing fits would surprise more people than English: so English.
    static func preferred(byHeader header: String?) -> Language {
        var best: (language: Language, weight: Double)?
        for entry in (header ?? "").prefix(400).split(separator: ",") {
            let fields = entry.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let tag = fields.first, let language = Language(rawValue: String(tag.prefix(2)).lowercased()) else {
                continue
            }
            let weight = fields.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if weight > (best?.weight ?? 0) { best = (language, weight) }
        }
        return best?.language ?? .english
    }
}
