import Events

/// One DogStatsD metric line, taken apart; its values are not read yet.
///
///     name ":" value *( ":" value ) "|" type *( "|" field )
struct StatsDLine {
    /// What the values are.
    enum MetricType {
        case count, number, milliseconds, set
    }

    let bytes: ByteWindow
    /// What the name stands for; `nil` for a name that is not ours.
    var role: Role?
    var type = MetricType.number
    /// The values with the colons between them.
    var valuesFrom = 0
    var valuesTo = 0
    /// Events that one value stands for.
    var weight = 1.0
    var timestamp = EventBatch.noTimestamp
    var model = ByteRange.missing
    var version = ByteRange.missing
    var feature = ByteRange.missing
    /// The tag `class` or `value`.
    var category = ByteRange.missing
    var status = Status.success

    /// Takes `from..<to` apart.
    init(_ bytes: ByteWindow, _ from: Int, _ to: Int, _ numbers: DecimalReader) throws(RejectionReason) {
        self.bytes = bytes
        let nameEnd = Self.find(Byte.colon, bytes, from, to)
        valuesFrom = nameEnd &+ 1
        valuesTo = Self.find(Byte.pipe, bytes, from, to)
        guard nameEnd > from, valuesFrom < valuesTo, valuesTo < to else { throw .malformedLine }
        var at = valuesTo &+ 1
        var end = Self.find(Byte.pipe, bytes, at, to)
        let isGauge = try readType(at, end)
        role = Self.role(bytes, from, nameEnd)
        var rate: Double?
        while end < to {
            at = end &+ 1
            end = Self.find(Byte.pipe, bytes, at, to)
            switch bytes[at] {
            case _ where at == end: break
            case Byte.at: rate = try readRate(at &+ 1, end, numbers)
            case Byte.hash: try readTags(at &+ 1, end, numbers)
            case 0x54: timestamp = try readTimestamp(at &+ 1, end)  // T
            default: break
            }
        }
        if let rate, !isGauge, !(type == .count && timestamp != EventBatch.noTimestamp) { weight = 1 / rate }
    }

    /// The sum of the values of a count; `nil` if it is zero, which counts nothing.
    func sumOfCounts(_ numbers: DecimalReader) throws(RejectionReason) -> Double? {
        var total = 0.0
        var at = valuesFrom
        while at < valuesTo {
            if bytes[at] == Byte.colon {
                at &+= 1
                continue
            }
            guard let value = numbers.read(bytes, &at, .lenient), value >= 0, value <= StatsDDecoder.largestCount,
                at == valuesTo || bytes[at] == Byte.colon
            else { throw .malformedValue }
            total += value
        }
        if total == 0 { return nil }
        guard total >= 1, total <= StatsDDecoder.largestCount else { throw .malformedValue }
        return total
    }

    /// Reads the type and says whether it is a gauge.
    private mutating func readType(_ at: Int, _ end: Int) throws(RejectionReason) -> Bool {
        switch (end &- at, bytes[at]) {
        case (1, 0x63): type = .count
        case (1, 0x67):
            type = .number
            return true
        case (1, 0x68), (1, 0x64): type = .number
        case (1, 0x73): type = .set
        case (2, 0x6D) where bytes[at &+ 1] == 0x73: type = .milliseconds
        case (0, _): throw .malformedLine
        default: throw .unknownType
        }
        return false
    }

    private func readRate(_ at: Int, _ end: Int, _ numbers: DecimalReader) throws(RejectionReason) -> Double {
        var at = at
        guard let rate = numbers.read(bytes, &at, .lenient), at == end, rate >= StatsDDecoder.smallestRate, rate <= 1
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

    /// `key:value` pairs between commas; tags without a value and unknown ones mean nothing to us.
    private mutating func readTags(_ from: Int, _ to: Int, _ numbers: DecimalReader) throws(RejectionReason) {
        var at = from
        while at < to {
            let end = Self.find(Byte.comma, bytes, at, to)
            let keyEnd = Self.find(Byte.colon, bytes, at, end)
            let value = keyEnd &+ 1 < end ? range(keyEnd &+ 1, end) : .missing
            if value.isPresent {
                switch keyEnd &- at {
                case 5 where Self.equals(bytes, at, "model"): model = value
                case 5 where Self.equals(bytes, at, "class") || Self.equals(bytes, at, "value"): category = value
                case 6 where Self.equals(bytes, at, "status"):
                    status = StatusNames.status(bytes, keyEnd &+ 1, end, namesAnError: false, numbers)
                case 7 where Self.equals(bytes, at, "version"): version = value
                case 7 where Self.equals(bytes, at, "feature"): feature = value
                default: break
                }
            }
            at = end &+ 1
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

    /// Offset of the first `byte` in `from..<to`, or `to`.
    @inline(__always)
    private static func find(_ byte: UInt8, _ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int {
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
    private static func equals(_ bytes: ByteWindow, _ at: Int, _ text: StaticString) -> Bool {
        for i in 0..<text.utf8CodeUnitCount where unsafe bytes[at &+ i] != text.utf8Start[i] { return false }
        return true
    }
}
