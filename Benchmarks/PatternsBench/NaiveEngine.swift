/// What an engine without dispatch by limits does: at each sample it looks at the condition of every pattern that is
/// subscribed to the signal. Written as tightly as that can be: no names, no units, no unknown values.
struct NaiveEngine {
    struct Threshold {
        var on: Double
        var off: Double
        var isOpen = false
    }

    /// `increase(x[window]) >= limit`: its own readings of the window, oldest first.
    struct Increase {
        var window: Int64
        var limit: Double
        var readings: [(time: Int64, value: UInt64)] = []
        var first = 0
        var isOpen = false
    }

    /// `serd(x, count, window)`.
    struct Serd {
        var window: Int64
        var count: Int
        var times: [Int64] = []
        var isOpen = false
    }

    var thresholds: [Threshold] = []
    var increases: [Increase] = []
    var serds: [Serd] = []
    private(set) var changes = 0

    mutating func take(_ value: Double) {
        for index in thresholds.indices {
            if thresholds[index].isOpen {
                if value < thresholds[index].off {
                    thresholds[index].isOpen = false
                    changes += 1
                }
            } else if value >= thresholds[index].on {
                thresholds[index].isOpen = true
                changes += 1
            }
        }
    }

    mutating func take(counter value: UInt64, at time: Int64) {
        for index in increases.indices {
            let horizon = time - increases[index].window
            increases[index].readings.append((time, value))
            while increases[index].readings[increases[index].first].time < horizon { increases[index].first += 1 }
            if increases[index].first > 4_096 {
                increases[index].readings.removeFirst(increases[index].first)
                increases[index].first = 0
            }
            var risen: UInt64 = 0
            var before = increases[index].readings[increases[index].first].value
            for reading in increases[index].readings[increases[index].first...] {
                risen += reading.value >= before ? reading.value - before : reading.value
                before = reading.value
            }
            let holds = Double(risen) >= increases[index].limit
            if holds != increases[index].isOpen {
                increases[index].isOpen = holds
                changes += 1
            }
        }
    }

    mutating func takeEvent(at time: Int64) {
        for index in serds.indices {
            let horizon = time - serds[index].window
            serds[index].times.append(time)
            serds[index].times.removeAll { $0 < horizon }
            let holds = serds[index].times.count >= serds[index].count
            if holds != serds[index].isOpen {
                serds[index].isOpen = holds
                changes += 1
            }
        }
    }
}
