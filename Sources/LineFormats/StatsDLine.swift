import Events

/// One StatsD metric line, taken apart; its values are not read yet.
///
///     name ":" value *( ":" value ) "|" type *( "|" field )
struct StatsDLine {
    /// What the values are.
    enum MetricType {
        case count, gauge, number, milliseconds, set
    }

    let bytes: ByteWindow
    /// What the name stands for; `nil` for a name that is no model's.
    var role: Role?
    /// The name without tags.
    var nameFrom = 0
    var nameTo = 0
    var type = MetricType.number
    /// The values with the colons between them.
    var valuesFrom = 0
    var valuesTo = 0
    /// Events that one value stands for.
    var weight = 1.0
    var timestamp = EventBatch.noTimestamp
    /// The tags with the commas between them, in whichever style; empty without any.
    var tagsFrom = 0
    var tagsTo = 0
    /// Between key and value of a tag.
    var separator = Byte.colon

    /// Takes `from..<to` apart.
    init(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ numbers: DecimalReader, _ options: StatsDOptions
    ) throws(RejectionReason) {
        self.bytes = bytes
        let nameEnd = Self.find(Byte.colon, bytes, from, to)
        valuesFrom = nameEnd &+ 1
        valuesTo = Self.find(Byte.pipe, bytes, from, to)
        guard nameEnd > from, valuesFrom < valuesTo, valuesTo < to else { throw .malformedLine }
        (nameFrom, nameTo) = (from, nameEnd)
        if !options.tagStyles.isEmpty { splitName(options.tagStyles) }
        guard nameTo > nameFrom else { throw .malformedLine }
        var at = valuesTo &+ 1
        var end = Self.find(Byte.pipe, bytes, at, to)
        try readType(at, end)
        if options.readsModelLines { role = Self.role(bytes, nameFrom, nameTo) }
        var rate: Double?
        let isTaggedByName = tagsTo > tagsFrom
        while end < to {
            at = end &+ 1
            end = Self.find(Byte.pipe, bytes, at, to)
            switch bytes[at] {
            case _ where at == end: break
            case Byte.at: rate = try readRate(at &+ 1, end, numbers)
            case Byte.hash:
                guard !isTaggedByName else { throw .mixedTags }
                (tagsFrom, tagsTo) = (at &+ 1, end)
            case 0x54: timestamp = try readTimestamp(at &+ 1, end)  // T
            default: break
            }
        }
        if let rate, type != .gauge, !(type == .count && timestamp != EventBatch.noTimestamp) { weight = 1 / rate }
    }

    /// The sum of the values of a count.
    func sumOfCounts(_ numbers: DecimalReader) throws(RejectionReason) -> Double {
        var total = 0.0
        var isEmpty = true
        var at = valuesFrom
        while at < valuesTo {
            if bytes[at] == Byte.colon {
                at &+= 1
                continue
            }
            guard let value = numbers.readLenient(bytes, &at), value.isFinite,
                at == valuesTo || bytes[at] == Byte.colon
            else { throw .malformedValue }
            guard value >= 0 else { throw .negativeCount }
            total += value
            isEmpty = false
        }
        guard !isEmpty, total <= StatsDDecoder.largestCount else { throw .malformedValue }
        return total
    }

    // MARK: Name

    /// Parts the name from the tags in it; the first style found counts.
    @inline(__always)
    private mutating func splitName(_ styles: StatsDTagStyles) {
        if Self.hasMarks(bytes, nameFrom, nameTo) { splitMarkedName(styles) }
    }

    /// Whether any byte of a name may begin tags.
    @inline(__always)
    private static func hasMarks(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        var at = from
        while at < to {
            let word = bytes.word(at)
            let marks =
                ByteWindow.zeroBytes(word ^ (UInt64(Byte.openBracket) &* ByteWindow.ones))
                | ByteWindow.zeroBytes(word ^ (UInt64(Byte.comma) &* ByteWindow.ones))
                | ByteWindow.zeroBytes(word ^ (UInt64(Byte.hash) &* ByteWindow.ones))
            // Each is exact up to its first mark, so the first of all is one, or lies behind the name.
            if marks != 0 { return at &+ marks.trailingZeroBitCount &>> 3 < to }
            at &+= 8
        }
        return false
    }

    @inline(never)
    private mutating func splitMarkedName(_ styles: StatsDTagStyles) {
        if styles.contains(.signalFX) {
            // The last one, so that it is the same one once what follows the brackets stands in front of them.
            var open = nameTo &- 1
            while open >= nameFrom, bytes[open] != Byte.openBracket { open &-= 1 }
            if open >= nameFrom {
                let close = Self.find(Byte.closeBracket, bytes, open, nameTo)
                if close < nameTo { return splitBrackets(open, close) }
            }
        }
        let comma = styles.contains(.influxDB) ? Self.find(Byte.comma, bytes, nameFrom, nameTo) : nameTo
        let hash = styles.contains(.librato) ? Self.find(Byte.hash, bytes, nameFrom, comma) : comma
        let mark = min(comma, hash)
        guard mark < nameTo else { return }
        (tagsFrom, tagsTo, separator) = (mark &+ 1, nameTo, 0x3D)
        nameTo = mark
    }

    /// Parts the name from tags in brackets.
    ///
    /// What follows the brackets is part of the name, so the line is turned into one with the brackets last: decoded
    /// again it means the same.
    private mutating func splitBrackets(_ open: Int, _ close: Int) {
        let tail = nameTo &- close &- 1
        if tail > 0 {
            reverse(open, close &+ 1)
            reverse(close &+ 1, nameTo)
            reverse(open, nameTo)
        }
        (tagsFrom, tagsTo, separator) = (open &+ tail &+ 1, nameTo &- 1, 0x3D)
        nameTo = open &+ tail
    }

    private func reverse(_ from: Int, _ to: Int) {
        var (low, high) = (from, to &- 1)
        while low < high {
            (bytes[low], bytes[high]) = (bytes[high], bytes[low])
            low &+= 1
            high &-= 1
        }
    }

    private static func role(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Role? {
        guard to &- from > 6, equals(bytes, from, "model.") else { return nil }
        let name = from &+ 6
        switch to &- name {
        case 5 where equals(bytes, name, "score"): return .score
        case 7 where equals(bytes, name, "feature"): return .feature
        case 7 where equals(bytes, name, "latency"): return .latency
        case 7 where equals(bytes, name, "outcome"): return .outcome
        case 10 where equals(bytes, name, "prediction"): return .prediction
        default: return nil
        }
    }

    // MARK: Fields

    private mutating func readType(_ at: Int, _ end: Int) throws(RejectionReason) {
        switch (end &- at, bytes[at]) {
        case (1, 0x63): type = .count
        case (1, 0x67): type = .gauge
        case (1, 0x68), (1, 0x64): type = .number
        case (1, 0x73): type = .set
        case (2, 0x6D) where bytes[at &+ 1] == 0x73: type = .milliseconds
        case (0, _): throw .malformedLine
        default: throw .unknownType
        }
    }

    private func readRate(_ at: Int, _ end: Int, _ numbers: DecimalReader) throws(RejectionReason) -> Double {
        var at = at
        guard let rate = numbers.readLenient(bytes, &at), at == end, rate >= StatsDDecoder.smallestRate, rate <= 1
        else { throw .invalidSampleRate }
        return rate
    }

    /// Whole seconds since the epoch, above 0.
    private func readTimestamp(_ at: Int, _ end: Int) throws(RejectionReason) -> Int64 {
        guard end > at, end &- at <= 10 else { throw .invalidTimestamp }
        var seconds: Int64 = 0
        for i in at..<end {
            guard Byte.isDigit(bytes[i]) else { throw .invalidTimestamp }
            seconds = seconds &* 10 &+ Int64(bytes[i] &- Byte.zero)
        }
        guard seconds > 0, Double(seconds) * 1e9 < TimestampReader.limit else { throw .invalidTimestamp }
        return seconds &* 1_000_000_000
    }

    // MARK: Bytes

    /// Offset of the first `byte` in `from..<to`, or `to`.
    @inline(__always)
    static func find(_ byte: UInt8, _ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int {
        let pattern = UInt64(byte) &* ByteWindow.ones
        var at = from
        while at < to {
            let found = ByteWindow.zeroBytes(bytes.word(at) ^ pattern)
            if found != 0 { return min(at &+ found.trailingZeroBitCount &>> 3, to) }
            at &+= 8
        }
        return to
    }

    @inline(__always)
    static func equals(_ bytes: ByteWindow, _ at: Int, _ text: StaticString) -> Bool {
        for i in 0..<text.utf8CodeUnitCount where unsafe bytes[at &+ i] != text.utf8Start[i] { return false }
        return true
    }
}
