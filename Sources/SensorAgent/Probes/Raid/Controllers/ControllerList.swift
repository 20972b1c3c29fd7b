/// The numbers of the controllers that a program lists: `arcconf LIST`, `sas2ircu list`, `sas3ircu list`.
///
/// ```
///    Controller 1:             : Optimal, Slot 4, RAID (Expose RAW), Adaptec ASR71605E, 3A0000TEST1
///    0     SAS2008     1000h    72h   00h:05h:00h:00h      1028h   1f1eh
/// ```
enum ControllerList {
    /// Controllers asked one by one.
    private static let limit = 16

    static func numbers(_ bytes: [UInt8]) -> [Int] {
        var numbers: [Int] = []
        for line in KeyValueLines(bytes).lines {
            let words = line.text.split { $0 == " " || $0 == "\t" }
            let number: Int? =
                if words.first?.lowercased() == "controller", words.count >= 3 {
                    Int(words[1].prefix(while: \.isNumber))
                } else if words.count >= 5, words[4].contains("h:") {
                    Int(words[0])
                } else {
                    nil
                }
            guard let number, (0...255).contains(number), !numbers.contains(number) else { continue }
            numbers.append(number)
        }
        return Array(numbers.prefix(limit))
    }
}
