import Events

/// How the times of a source are written: the unit of numbers, and the zone of texts that name none.
struct TimeForm {
    let unit: TimestampUnit
    /// Seconds east of Greenwich; `nil` if a text must name its offset.
    let zoneOffset: Int32?

    init(_ schema: Schema) { (unit, zoneOffset) = (schema.timestampUnit, schema.format.zoneOffset) }

    /// Nanoseconds since the epoch of a text: RFC 3339, with or without offset, or a number; `nil` if it is neither.
    func timestamp(_ bytes: ByteWindow, _ from: Int, _ to: Int, _ numbers: DecimalReader) -> Int64? {
        if let timestamp = text(bytes, from, to) { return timestamp }
        var at = from
        guard let number = numbers.read(bytes, &at, .lenient), at == to else { return nil }
        return TimestampReader.timestamp(number, unit)
    }

    /// Nanoseconds since the epoch of a date and time.
    func text(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int64? {
        TimestampReader.timestamp(bytes, from, to, zoneOffset: zoneOffset.map { Int($0) })
    }

    /// Seconds since the epoch of a date and time, or a number times `scale`.
    func moment(_ bytes: ByteWindow, _ from: Int, _ to: Int, _ numbers: DecimalReader, scale: Double) -> Double? {
        if let timestamp = text(bytes, from, to) { return Double(timestamp) / 1e9 }
        var at = from
        guard let number = numbers.read(bytes, &at, .lenient), at == to, number.isFinite else { return nil }
        return number * scale
    }
}
