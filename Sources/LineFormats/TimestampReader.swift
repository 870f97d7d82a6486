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
    ///
    /// The first 19 bytes have fixed places, so they are taken as three words: what differs from a template of zeros
    /// and separators are the digits, and one multiplication joins all pairs of them.
    ///
    /// - Parameter zoneOffset: Seconds east of Greenwich for texts that name no offset; these may have a comma before
    ///   the fraction. `nil` if a text must name its offset.
    static func timestamp(_ bytes: ByteWindow, _ from: Int, _ to: Int, zoneOffset: Int? = nil) -> Int64? {
        let length = to &- from
        guard length >= 19, length <= longest, let date = dateAndTime(bytes, from) else { return nil }
        if length == 19 { return zoneOffset.flatMap { nanoseconds(date, 0, offsetSeconds: $0) } }
        // Python's logging writes a comma.
        let hasComma = zoneOffset != nil && bytes[from &+ 19] == Byte.comma
        guard let (fraction, end) = fraction(bytes, from &+ 19, hasComma: hasComma) else { return nil }
        if end == to { return zoneOffset.flatMap { nanoseconds(date, fraction, offsetSeconds: $0) } }
        guard !hasComma, let offset = offsetMinutes(bytes, end, to) else { return nil }
        return nanoseconds(date, fraction, offsetSeconds: offset &* 60)
    }

    /// The fixed part of a date and time: minutes since the epoch, and the second, 60 for a leap second.
    @inline(__always)
    private static func dateAndTime(_ bytes: ByteWindow, _ from: Int) -> (days: Int, minutes: Int, second: Int)? {
        let date = bytes.word(from) ^ 0x2D30_302D_3030_3030  // 0000-00-
        let dayAndTime = bytes.word(from &+ 8) ^ 0x3030_3A30_3000_3030  // 00?00:00
        let seconds = (bytes.word(from &+ 16) ^ 0x30_303A) & 0xFF_FFFF  // :00
        let times = dayAndTime & ~0xFF_0000
        // Digits at most 9, and nothing left of the separators.
        let excess = above9(date) | above9(times) | above9(seconds)
        let separators = date & 0xFF00_00FF_0000_0000 | times & 0xFF00_0000_0000 | seconds & 0xFF
        let letter = UInt8(truncatingIfNeeded: dayAndTime &>> 16)
        guard excess == 0, separators == 0, letter | 0x20 == 0x74 || letter == Byte.space else { return nil }
        let (dates, hours) = (date &* 10 &+ date &>> 8, times &* 10 &+ times &>> 8)
        let year = pair(dates, 0) &* 100 &+ pair(dates, 2)
        let second = pair(seconds &* 10 &+ seconds &>> 8, 1)
        let (hour, minute) = (pair(hours, 3), pair(hours, 6))
        guard hour < 24, minute < 60, second <= 60,
            let days = dayNumber(year: year, month: pair(dates, 5), day: pair(hours, 0))
        else { return nil }
        return (days, hour &* 60 &+ minute, second)
    }

    @inline(__always)
    private static func nanoseconds(
        _ date: (days: Int, minutes: Int, second: Int), _ fraction: Int, offsetSeconds: Int
    ) -> Int64? {
        // A leap second has no number of its own in Unix time.
        let rest = date.second == 60 ? 59_999_999_999 : date.second &* 1_000_000_000 &+ fraction
        let seconds = date.days &* 86_400 &+ date.minutes &* 60 &- offsetSeconds
        let result = seconds &* 1_000_000_000 &+ rest
        return result >= 0 && date.days < 106_651 ? Int64(result) : nil
    }

    /// High bits of the bytes above 9; exact as to whether there are any.
    @inline(__always)
    private static func above9(_ word: UInt64) -> UInt64 {
        (word &+ 0x7676_7676_7676_7676 | word) & ByteWindow.highs
    }

    /// The two digits that start at a byte of a word whose pairs are joined.
    @inline(__always)
    private static func pair(_ word: UInt64, _ byte: UInt64) -> Int {
        Int(truncatingIfNeeded: word &>> (8 &* byte) & 0xFF)
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

    /// The value of two digits at `at`, or a negative number if one is not a digit.
    @inline(__always)
    private static func twoDigits(_ bytes: ByteWindow, _ at: Int) -> Int {
        guard Byte.isDigit(bytes[at]), Byte.isDigit(bytes[at &+ 1]) else { return -1 }
        return Int(bytes[at] &- Byte.zero) &* 10 &+ Int(bytes[at &+ 1] &- Byte.zero)
    }

    /// A point and digits, or neither, as nanoseconds, and where they end.
    ///
    /// - Parameter hasComma: Whether the byte at `at` is a comma, which stands for the point.
    @inline(__always)
    private static func fraction(_ bytes: ByteWindow, _ at: Int, hasComma: Bool) -> (nanoseconds: Int, end: Int)? {
        guard hasComma || bytes[at] == Byte.dot else { return (0, at) }
        let word = bytes.word(at &+ 1)
        let digits = DecimalReader.digitCount(word)
        if digits == 0 { return nil }
        var end = at &+ 1 &+ digits
        var nanoseconds = Int(truncatingIfNeeded: DecimalReader.value(word, digits))
        if digits < 8 {
            for _ in digits..<9 { nanoseconds &*= 10 }
            return (nanoseconds, end)
        }
        nanoseconds &*= 10
        if Byte.isDigit(bytes[end]) { nanoseconds &+= Int(bytes[end] &- Byte.zero) }
        while Byte.isDigit(bytes[end]) { end &+= 1 }
        return (nanoseconds, end)
    }

    /// `Z` or `±hh:mm` that ends exactly at `to`, in minutes.
    @inline(__always)
    private static func offsetMinutes(_ bytes: ByteWindow, _ at: Int, _ to: Int) -> Int? {
        let sign = bytes[at]
        if sign | 0x20 == 0x7A { return at &+ 1 == to ? 0 : nil }
        guard sign == Byte.plus || sign == Byte.minus, at &+ 6 == to, bytes[at &+ 3] == Byte.colon else { return nil }
        let hours = twoDigits(bytes, at &+ 1)
        let minutes = twoDigits(bytes, at &+ 4)
        guard hours >= 0, hours < 24, minutes >= 0, minutes < 60 else { return nil }
        return (sign == Byte.minus ? -1 : 1) &* (hours &* 60 &+ minutes)
    }
}
