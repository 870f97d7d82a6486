public import Events

/// Reads moments: RFC 3339 text, and numbers since the Unix epoch.
public enum TimestampReader {
    /// Longest RFC 3339 text that is looked at, in bytes; fractions beyond nanoseconds are cut.
    static let longest = 64

    /// Reads all of `text` as an RFC 3339 date and time with offset.
    ///
    /// Upper or lower case `T` and `Z` or a space between, 0 to 9 digits of fraction (more are cut), second 60 taken as
    /// the last nanosecond of the minute. Not accepted: no offset, hour 24, years before 1970 or after 2261.
    ///
    /// - Returns: Nanoseconds since the epoch, or `nil`.
    public static func timestamp(in text: String) -> Int64? {
        withTerminated(text.utf8) { bytes, count in timestamp(bytes, 0, count) }
    }

    /// Nanoseconds since the epoch for a number in `unit`; `nil` unless it is finite and from 1970 to 2261.
    @inline(__always)
    public static func timestamp(_ number: Double, _ unit: TimestampUnit) -> Int64? {
        guard number >= 0 else { return nil }
        let factor: Double
        switch unit {
        case .seconds: factor = 1e9
        case .milliseconds: factor = 1e6
        case .microseconds: factor = 1e3
        case .nanoseconds: factor = 1
        }
        guard number * factor < limit else { return nil }
        // Whole units and the rest apart: seconds with fractions keep their microseconds.
        let whole = Int64(number)
        let rest = (number - Double(whole)) * factor
        return whole &* Int64(factor) &+ Int64(rest + 0.5)
    }

    /// 2262-01-01 in nanoseconds since the epoch, short of where `Int64` ends.
    static let limit = 9_214_646_400_000_000_000.0

    /// Reads `from..<to` as RFC 3339.
    static func timestamp(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int64? {
        let length = to &- from
        guard length >= 20, length <= longest else { return nil }
        let year = bytes.word(from)
        let yearDigits = digits(bytes, from, 4)
        let month = digits(bytes, from &+ 5, 2)
        let day = digits(bytes, from &+ 8, 2)
        guard year &>> 32 & 0xFF == UInt64(Byte.minus), year &>> 56 == UInt64(Byte.minus),
            isDateTimeSeparator(bytes[from &+ 10]),
            let days = dayNumber(year: yearDigits, month: month, day: day),
            let (nanoseconds, end) = timeOfDay(bytes, from &+ 11),
            let offset = offsetMinutes(bytes, end, to)
        else { return nil }
        let result = days &* 86_400_000_000_000 &+ nanoseconds &- offset &* 60_000_000_000
        return result >= 0 && days < 106_651 ? Int64(result) : nil
    }

    /// Days since 1970-01-01 in the Gregorian calendar, or `nil` if there is no such day or it is out of range.
    ///
    /// The calendar is counted from 1 March, so that the leap day is the last of its year.
    static func dayNumber(year: Int, month: Int, day: Int) -> Int? {
        guard year >= 1969, year < 2263, month >= 1, month <= 12, day >= 1, day <= length(of: month, in: year) else {
            return nil
        }
        let shifted = month < 3 ? year &- 1 : year
        let monthFromMarch = (month &+ 9) % 12
        let dayOfYear = (153 &* monthFromMarch &+ 2) / 5 &+ day &- 1
        return 365 &* shifted &+ shifted / 4 &- shifted / 100 &+ shifted / 400 &+ dayOfYear &- 719_468
    }

    private static func length(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isDateTimeSeparator(_ byte: UInt8) -> Bool { byte | 0x20 == 0x74 || byte == Byte.space }

    /// The value of `count` digits at `at`, or a negative number if one is not a digit.
    @inline(__always)
    private static func digits(_ bytes: ByteWindow, _ at: Int, _ count: Int) -> Int {
        var value = 0
        for i in 0..<count {
            let byte = bytes[at &+ i]
            guard Byte.isDigit(byte) else { return -1 }
            value = value &* 10 &+ Int(byte &- Byte.zero)
        }
        return value
    }

    /// `hh:mm:ss[.fraction]` as nanoseconds, and where it ends.
    @inline(__always)
    private static func timeOfDay(_ bytes: ByteWindow, _ at: Int) -> (Int, Int)? {
        let hour = digits(bytes, at, 2)
        guard hour >= 0, hour < 24, bytes[at &+ 2] == Byte.colon else { return nil }
        let minute = digits(bytes, at &+ 3, 2)
        guard minute >= 0, minute < 60, bytes[at &+ 5] == Byte.colon else { return nil }
        let second = digits(bytes, at &+ 6, 2)
        guard second >= 0, second <= 60 else { return nil }
        var end = at &+ 8
        var fraction = 0
        if bytes[end] == Byte.dot {
            end &+= 1
            let start = end
            var place = 100_000_000
            while Byte.isDigit(bytes[end]) {
                fraction &+= Int(bytes[end] &- Byte.zero) &* place
                place /= 10
                end &+= 1
            }
            guard end > start else { return nil }
        }
        // A leap second has no number of its own in Unix time.
        if second == 60 { fraction = 999_999_999 }
        let seconds = (hour &* 60 &+ minute) &* 60 &+ min(second, 59)
        return (seconds &* 1_000_000_000 &+ fraction, end)
    }

    /// `Z` or `±hh:mm` that ends exactly at `to`, in minutes.
    @inline(__always)
    private static func offsetMinutes(_ bytes: ByteWindow, _ at: Int, _ to: Int) -> Int? {
        let sign = bytes[at]
        if sign | 0x20 == 0x7A { return at &+ 1 == to ? 0 : nil }
        guard sign == Byte.plus || sign == Byte.minus, at &+ 6 == to, bytes[at &+ 3] == Byte.colon else { return nil }
        let hours = digits(bytes, at &+ 1, 2)
        let minutes = digits(bytes, at &+ 4, 2)
        guard hours >= 0, hours < 24, minutes >= 0, minutes < 60 else { return nil }
        return (sign == Byte.minus ? -1 : 1) &* (hours &* 60 &+ minutes)
    }
}
