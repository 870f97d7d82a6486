import Events

/// Reads decimal numbers to the nearest `Double`, exactly as `Double(String)` does and without its allocations.
///
/// Up to 15 digits by one exact division (Clinger 1990), up to 19 by the Eisel–Lemire algorithm, and longer ones by it
/// too, as long as the digits left out cannot matter; the rest (a handful in a billion) by the standard library.
public struct DecimalReader: Sendable {
    private let powers: PowersOfTen

    /// Creates a reader; the first one of a process computes the tables.
    public init() { powers = PowersOfTen.shared }

    /// What may be written as a number.
    enum Grammar {
        /// JSON: `-`, no leading zeros, digits on both sides of the point.
        case json
        /// What CSV files and StatsD clients write as well: `+`, leading zeros, `.5` and `5.`.
        case lenient
    }

    /// Reads all of `text` as one number, by the lenient grammar.
    ///
    /// - Returns: The nearest `Double`, infinite if it is too large; `nil` if `text` is not a number.
    public func number(in text: String) -> Double? {
        withTerminated(text.utf8) { bytes, count in
            var at = 0
            guard let value = read(bytes, &at, .lenient), at == count else { return nil }
            return value
        }
    }

    /// Reads the JSON number that begins at `at` and moves `at` behind it.
    ///
    /// Nearly all numbers of real logs take at most eight bytes or are `0.` and up to 18 digits; those are read here.
    ///
    /// - Returns: The nearest `Double`, infinite if it is too large; `nil` if no number begins there.
    @inline(__always)
    func readJSON(_ bytes: ByteWindow, _ at: inout Int) -> Double? {
        let sign = bytes[at] == Byte.minus ? 1 : 0
        let start = at &+ sign
        let word = bytes.word(start)
        // The first byte that is no digit ends the whole digits; if it is a point, the second one ends the number. Both
        // are known at once, for what comes next waits for them.
        let others = Self.others(word)
        let wholeDigits = others.trailingZeroBitCount &>> 3
        // One to seven digits; of several the first must not be a zero.
        if UInt(bitPattern: wholeDigits &- 1) < 7 && (word & 0xFF != UInt64(Byte.zero) || wholeDigits == 1) {
            let shift = UInt64(truncatingIfNeeded: 8 &* wholeDigits)
            var (end, digits, joined, next) = (wholeDigits, wholeDigits, word, word &>> shift & 0xFF)
            if next == UInt64(Byte.dot) {
                // 8 if no other byte of the word is none.
                end = (others & (others &- 1)).trailingZeroBitCount &>> 3
                digits = end &- 1
                // Of seven digits before the point none behind it is in the word.
                if digits == wholeDigits { return digits == 7 ? readLonger(bytes, &at) : nil }
                // Close the gap that the point leaves: the digits on both sides become one number.
                let below = 1 &<< shift &- 1 as UInt64
                joined = word & below | word &>> 8 & ~below
                next = UInt64(bytes[start &+ end])
            }
            if next &- UInt64(Byte.zero) >= 10 && next | 0x20 != 0x65 {
                at = start &+ end
                let mantissa = Double(Int64(truncatingIfNeeded: Self.value(joined, digits)))
                let magnitude = mantissa / powers.double(digits &- wholeDigits)
                return Double(bitPattern: magnitude.bitPattern | UInt64(truncatingIfNeeded: sign) &<< 63)
            }
        }
        return readLonger(bytes, &at)
    }

    /// High bits of the bytes that are no digits, exact in all of them.
    @inline(__always)
    private static func others(_ word: UInt64) -> UInt64 {
        let values = word ^ 0x3030_3030_3030_3030
        return ((values & ~ByteWindow.highs) &+ 0x7676_7676_7676_7676 | values) & ByteWindow.highs
    }

    /// As `readJSON`, by the lenient grammar: what JSON has no number for is read at leisure.
    @inline(__always)
    func readLenient(_ bytes: ByteWindow, _ at: inout Int) -> Double? {
        readJSON(bytes, &at) ?? read(bytes, &at, .lenient)
    }

    /// As `readJSON`, for numbers with more than seven digits.
    @inline(never)
    private func readLonger(_ bytes: ByteWindow, _ at: inout Int) -> Double? {
        let isNegative = bytes[at] == Byte.minus
        let start = isNegative ? at &+ 1 : at
        var (i, mantissa) = (start, 0 as UInt64)
        let whole = digits(bytes, &i, &mantissa)
        if whole == 0 || (whole > 1 && bytes[start] == Byte.zero) { return read(bytes, &at, .json) }
        var fraction = 0
        if bytes[i] == Byte.dot {
            i &+= 1
            fraction = digits(bytes, &i, &mantissa)
            if fraction == 0 { return read(bytes, &at, .json) }
        }
        if whole &+ fraction > 19 || Byte.isDigit(bytes[i]) || bytes[i] | 0x20 == 0x65 {
            return read(bytes, &at, .json)
        }
        at = i
        let magnitude: Double
        if mantissa <= 1 << 53 {
            magnitude = Double(Int64(truncatingIfNeeded: mantissa)) / powers.double(fraction)
        } else {
            magnitude = nearest(mantissa, -fraction)
        }
        return isNegative ? -magnitude : magnitude
    }

    /// Appends the digits at `at` to a mantissa and returns their number; stops behind sixteen or more.
    @inline(__always)
    private func digits(_ bytes: ByteWindow, _ at: inout Int, _ mantissa: inout UInt64) -> Int {
        var (word, total) = (bytes.word(at), 0)
        var count = Self.digitCount(word)
        while count > 0 {
            mantissa = mantissa &* powers.integer(count) &+ Self.value(word, count)
            at &+= count
            total &+= count
            if count < 8 || total >= 16 { break }
            word = bytes.word(at)
            count = Self.digitCount(word)
        }
        return total
    }

    /// As `readJSON`, for numbers of every length and either grammar.
    @inline(never)
    func read(_ bytes: ByteWindow, _ at: inout Int, _ grammar: Grammar) -> Double? {
        guard let decimal = scan(bytes, at, grammar) else { return nil }
        let start = at
        at = decimal.end
        let magnitude: Double
        if decimal.mantissa == 0 {
            magnitude = 0
        } else if !decimal.isTruncated {
            magnitude = nearest(decimal.mantissa, decimal.exponent)
        } else {
            let below = nearest(decimal.mantissa, decimal.exponent)
            let above = nearest(decimal.mantissa &+ 1, decimal.exponent)
            // Whatever follows the first 19 digits lies between the two.
            magnitude = below == above ? below : (Double(bytes.string(start, decimal.end))?.magnitude ?? below)
        }
        return decimal.isNegative ? -magnitude : magnitude
    }

    /// Whether a JSON number begins at `at`; its end, or `nil`.
    ///
    /// Up to seven digits on either side of the point are found by words.
    func skipJSON(_ bytes: ByteWindow, _ at: Int) -> Int? {
        let start = bytes[at] == Byte.minus ? at &+ 1 : at
        let digits = Self.digitCount(bytes.word(start))
        var end = start &+ digits
        if UInt(bitPattern: digits &- 1) < 7, digits == 1 || bytes[start] != Byte.zero {
            if bytes[end] == Byte.dot {
                let fraction = Self.digitCount(bytes.word(end &+ 1))
                end = UInt(bitPattern: fraction &- 1) < 7 ? end &+ 1 &+ fraction : start
            }
            if end > start, !Byte.isDigit(bytes[end]), bytes[end] | 0x20 != 0x65 { return end }
        }
        return scan(bytes, at, .json)?.end
    }

    /// A number as written: ±mantissa × 10^exponent, up to digits beyond the 19th.
    struct Scanned {
        var isNegative = false
        var mantissa: UInt64 = 0
        var exponent = 0
        /// Whether digits other than zero were left out of `mantissa`.
        var isTruncated = false
        var end = 0
    }

    /// Takes a number apart.
    func scan(_ bytes: ByteWindow, _ start: Int, _ grammar: Grammar) -> Scanned? {
        var result = Scanned()
        var at = start
        switch bytes[at] {
        case Byte.minus:
            result.isNegative = true
            at &+= 1
        case Byte.plus where grammar == .lenient: at &+= 1
        default: break
        }
        var taken = 0
        func take(_ digit: UInt8, isFraction: Bool) {
            if taken == 0 && digit == 0 {
                if isFraction { result.exponent &-= 1 }
            } else if taken < 19 {
                result.mantissa = result.mantissa &* 10 &+ UInt64(digit)
                taken &+= 1
                if isFraction { result.exponent &-= 1 }
            } else {
                if digit != 0 { result.isTruncated = true }
                if !isFraction { result.exponent &+= 1 }
            }
        }
        let whole = at
        while Byte.isDigit(bytes[at]) {
            take(bytes[at] &- Byte.zero, isFraction: false)
            at &+= 1
        }
        let wholeDigits = at &- whole
        if grammar == .json && (wholeDigits == 0 || (wholeDigits > 1 && bytes[whole] == Byte.zero)) { return nil }
        var fractionDigits = 0
        if bytes[at] == Byte.dot {
            at &+= 1
            let fraction = at
            while Byte.isDigit(bytes[at]) {
                take(bytes[at] &- Byte.zero, isFraction: true)
                at &+= 1
            }
            fractionDigits = at &- fraction
            if grammar == .json && fractionDigits == 0 { return nil }
        }
        if wholeDigits &+ fractionDigits == 0 { return nil }
        if bytes[at] | 0x20 == 0x65 {
            at &+= 1
            let isNegative = bytes[at] == Byte.minus
            if isNegative || bytes[at] == Byte.plus { at &+= 1 }
            guard Byte.isDigit(bytes[at]) else { return nil }
            var exponent = 0
            while Byte.isDigit(bytes[at]) {
                // Beyond this every number is zero or infinite, whatever its (at most 2³¹) digits.
                if exponent < 1 << 40 { exponent = exponent &* 10 &+ Int(bytes[at] &- Byte.zero) }
                at &+= 1
            }
            result.exponent &+= isNegative ? -exponent : exponent
        }
        result.end = at
        return result
    }

    /// The `Double` nearest to `mantissa` × 10^`exponent`, ties to even; infinite if too large.
    func nearest(_ mantissa: UInt64, _ exponent: Int) -> Double {
        if mantissa == 0 || exponent < PowersOfTen.smallest { return 0 }
        if exponent > PowersOfTen.largest { return .infinity }
        let shift = mantissa.leadingZeroBitCount
        let normalised = mantissa &<< UInt64(shift)
        let power = powers.significand(exponent)
        var (high, low) = normalised.multipliedFullWidth(by: power.high)
        if high & 0x1FF == 0x1FF {
            // 55 bits are not enough to round: take the low half of the significand in.
            let second = normalised.multipliedFullWidth(by: power.low).high
            low &+= second
            if second > low { high &+= 1 }
        }
        let upper = Int(high &>> 63)
        var bits = high &>> UInt64(upper &+ 9)
        // Floor of the binary logarithm of 10^exponent, from log2(10) in 16 fraction bits.
        var binary = (217_706 &* exponent) &>> 16 &+ 63 &+ upper &- shift &+ 1_023
        if binary <= 0 {
            if 1 &- binary >= 64 { return 0 }
            bits &>>= UInt64(1 &- binary)
            bits = (bits &+ bits & 1) &>> 1
            return Double(bitPattern: bits)
        }
        if low <= 1 && exponent >= -4 && exponent <= 23 && bits & 3 == 1 && bits &<< UInt64(upper &+ 9) == high {
            bits &= ~1  // Exactly halfway between two: to even.
        }
        bits = (bits &+ bits & 1) &>> 1
        if bits >= 1 &<< 53 {
            bits = 1 &<< 52
            binary &+= 1
        }
        if binary >= 0x7FF { return .infinity }
        return Double(bitPattern: UInt64(binary) &<< 52 | bits & (1 &<< 52 &- 1))
    }

    /// Number of digits at the low end of a word, 0 to 8.
    @inline(__always)
    static func digitCount(_ word: UInt64) -> Int {
        let others = ((word &+ 0x4646_4646_4646_4646) | (word &- 0x3030_3030_3030_3030)) & ByteWindow.highs
        return others.trailingZeroBitCount &>> 3
    }

    /// Value of the first `count` digits of a word; `count` is in 1...8.
    @inline(__always)
    static func value(_ word: UInt64, _ count: Int) -> UInt64 {
        // Pairs, fours, eights: each multiplication joins neighbours.
        let digits = (word &- 0x3030_3030_3030_3030) &<< UInt64(truncatingIfNeeded: 64 &- count &* 8)
        let pairs = digits &* 10 &+ digits &>> 8
        let mask: UInt64 = 0x0000_00FF_0000_00FF
        return ((pairs & mask) &* 0x000F_4240_0000_0064 &+ (pairs &>> 16 & mask) &* 0x0000_2710_0000_0001) &>> 32
    }
}

/// Calls `body` with a copy of `text` in a window of its own, and the number of its bytes (allocates).
func withTerminated<R>(_ text: some Collection<UInt8>, _ body: (ByteWindow, Int) -> R) -> R {
    let count = text.count
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count + 1 + EventBatch.padding, alignment: 8)
    defer { unsafe memory.deallocate() }
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: count + 1 + EventBatch.padding)
    let bytes = unsafe ByteWindow(memory)
    for (i, byte) in text.enumerated() { bytes[i] = byte }
    bytes[count] = Byte.newline
    return body(bytes, count)
}
