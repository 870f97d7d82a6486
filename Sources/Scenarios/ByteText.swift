/// Text of a record, appended to a byte buffer without intermediate strings.
extension [UInt8] {
    /// Appends ASCII text of the program itself.
    mutating func append(text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Appends an integer in decimal digits.
    mutating func append(integer: Int64) {
        if integer < 0 { append(UInt8(ascii: "-")) }
        append(digits: integer.magnitude, width: 1)
    }

    /// Appends decimal digits, filled with zeros up to `width`.
    mutating func append(digits number: UInt64, width: Int) {
        let start = count
        var rest = number
        repeat {
            append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        while count - start < width { append(UInt8(ascii: "0")) }
        self[start...].reverse()
    }

    /// Appends 16 hexadecimal digits.
    mutating func append(hexadecimal number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: (number >> UInt64(shift)) & 15)
            append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
        }
    }

    /// Appends a number rounded to `decimals` digits behind the point (0 to 6); without a point for 0.
    ///
    /// Magnitudes above 10¹² are cut to it: the simulator has none, and the digits stay within 64 bits.
    mutating func append(number: Double, decimals: Int) {
        var scale: UInt64 = 1
        for _ in 0..<Swift.max(0, Swift.min(6, decimals)) { scale *= 10 }
        let bounded = Swift.max(-1e12, Swift.min(1e12, number))
        let scaled = (bounded.magnitude * Double(scale)).rounded()
        let whole = UInt64(exactly: scaled) ?? 0
        if bounded < 0, whole > 0 { append(UInt8(ascii: "-")) }
        append(digits: whole / scale, width: 1)
        if scale > 1 {
            append(UInt8(ascii: "."))
            append(digits: whole % scale, width: Swift.max(0, Swift.min(6, decimals)))
        }
    }

    /// Appends an instant as RFC 3339 in UTC with milliseconds: `2026-01-01T00:00:00.000Z`.
    ///
    /// The calendar arithmetic is Howard Hinnant's `civil_from_days` (proleptic Gregorian, any year).
    mutating func append(instant nanoseconds: Int64) {
        let milliseconds = nanoseconds.dividedDown(by: 1_000_000)
        let days = milliseconds.dividedDown(by: 86_400_000)
        let ofDay = UInt64(milliseconds - days * 86_400_000)
        let shifted = days + 719_468
        let era = shifted.dividedDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        append(digits: year.magnitude, width: 4)
        append(UInt8(ascii: "-"))
        append(digits: month.magnitude, width: 2)
        append(UInt8(ascii: "-"))
        append(digits: (dayOfYear - (153 * monthFromMarch + 2) / 5 + 1).magnitude, width: 2)
        append(UInt8(ascii: "T"))
        append(digits: ofDay / 3_600_000, width: 2)
        append(UInt8(ascii: ":"))
        append(digits: ofDay / 60_000 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(digits: ofDay / 1_000 % 60, width: 2)
        append(UInt8(ascii: "."))
        append(digits: ofDay % 1_000, width: 3)
        append(UInt8(ascii: "Z"))
    }
}

extension Int64 {
    /// Quotient rounded towards minus infinity, for a positive divisor.
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
