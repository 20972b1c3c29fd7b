/// The names of months that syslog, journalctl and `dmesg -T` write in the language of whoever kept the log
/// (strftime, `%b`).
enum LogMonths {
    /// By language; abbreviations of the C library, and those that CLDR gives.
    private static let names = [
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "jan feb mär apr mai jun jul aug sep okt nov dez", "jän feb mrz apr mai juni juli aug sept okt nov dez",
        "janv févr mars avril mai juin juil août sept oct nov déc",
        "ene feb mar abr may jun jul ago sep oct nov dic", "gen feb mar apr mag giu lug ago set ott nov dic",
        "jan fev mar abr mai jun jul ago set out nov dez", "jan feb mrt apr mei jun jul aug sep okt nov dec",
        "sty lut mar kwi maj cze lip sie wrz paź lis gru", "led úno bře dub kvě čen čec srp zář říj lis pro",
        "jan feb mar apr maj jun jul aug sep okt nov dec", "jan feb mar apr mai jun jul aug sep okt nov des",
        "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
        "янв фев мар апр мая июн июл авг сен окт ноя дек", "янв фев мар апр май июн июл авг сент окт нояб дек",
        "oca şub mar nis may haz tem ağu eyl eki kas ara", "jan febr márc ápr máj jún júl aug szept okt nov dec",
    ].map { $0.split(separator: " ") }

    private static let numbers: [Substring: Int] = {
        var numbers: [Substring: Int] = [:]
        for language in names { for (index, name) in language.enumerated() { numbers[name] = index + 1 } }
        return numbers
    }()

    private static let english = names[0].map { Array($0.utf8) }

    /// 1 to 12; nil for a word that is no month of a known language. `1月`, `1월` and `oct.` are known as well.
    static func number(of word: ArraySlice<UInt8>) -> Int? {
        if word.count == 3, let index = english.firstIndex(where: { zip($0, word).allSatisfy { $0 == $1 | 0x20 } }) {
            return index + 1
        }
        guard word.count <= 16, word.contains(where: { !KernelMessage.isDigit($0) }) else { return nil }
        var text = String(decoding: word, as: UTF8.self).lowercased()[...]
        if text.last == "." { text.removeLast() }
        if let known = numbers[text] { return known }
        guard text.last == "月" || text.last == "월", let number = Int(text.dropLast()), (1...12).contains(number) else {
            return nil
        }
        return number
    }
}
