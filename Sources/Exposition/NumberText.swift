extension OutputBytes {
    /// How exponents are chosen.
    enum NumberStyle {
        /// For values: whole numbers without a point, plain decimals where a person reads them easily.
        case value
        /// For `le` and `q` labels: the form OpenMetrics calls canonical (`1.0`, `0.25`, `1e+06`), which every scrape
        /// must repeat exactly, because `le="1"` and `le="1.0"` are two series to older servers.
        case canonical
    }

    /// Appends the shortest decimal that reads back as the same number; `+Inf`, `-Inf` or `NaN` if it is not finite.
    mutating func append(_ number: Double, as style: NumberStyle = .value) {
        guard number.isFinite else { return append(number.isNaN ? "NaN" : number > 0 ? "+Inf" : "-Inf") }
        if number < 0 { append(UInt8(ascii: "-")) }
        let magnitude = number.magnitude
        if style == .value, let whole = UInt64(exactly: magnitude), whole < 1 << 53 { return append(decimal: whole) }
        let decimal = ShortestDecimal(magnitude)
        let length = decimalDigits(decimal.digits)
        let exponent = decimal.digits == 0 ? 0 : decimal.exponent + length - 1
        if exponent < -4 || exponent >= (style == .canonical ? 6 : 17) {
            appendScientific(decimal.digits, length: length, exponent: exponent)
        } else {
            appendPlain(decimal, length: length, exponent: exponent)
            if style == .canonical && decimal.exponent >= 0 { append(".0") }
        }
    }

    private mutating func appendScientific(_ digits: UInt64, length: Int, exponent: Int) {
        append(decimal: digits)
        if length > 1 { insert(UInt8(ascii: "."), beforeLast: length - 1) }
        append(exponent < 0 ? "e-" : "e+")
        append(decimal: UInt64(exponent.magnitude), width: 2)
    }

    private mutating func appendPlain(_ decimal: ShortestDecimal, length: Int, exponent: Int) {
        if exponent < 0 {
            append("0.")
            append(decimal: decimal.digits, width: length - exponent - 1)
        } else {
            append(decimal: decimal.digits)
            if decimal.exponent < 0 { insert(UInt8(ascii: "."), beforeLast: -decimal.exponent) }
            if decimal.exponent > 0 { for _ in 0..<decimal.exponent { append(UInt8(ascii: "0")) } }
        }
    }
}
