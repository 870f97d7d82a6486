internal import Monitor

/// Cells of tables for a terminal.
enum TableText {
    /// A cell of a width: cut with an ellipsis, or filled up.
    static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let cut = text.count > width ? String(text.prefix(max(0, width - 1))) + "…" : text
        let space = String(repeating: " ", count: max(0, width - cut.count))
        return right ? space + cut : cut + space
    }

    /// A bin as its bounds, a category as its name in at most `limit` bytes, or what stands for all others.
    static func cell(_ cell: Int, of layout: BinLayout, limit: Int) -> String {
        switch layout {
        case .numeric(let edges) where cell <= edges.count:
            guard let first = edges.first, let last = edges.last else { return "all" }
            if cell == 0 { return "< \(number(first))" }
            if cell == edges.count { return "≥ \(number(last))" }
            return "\(number(edges[cell - 1])) … \(number(edges[cell]))"
        case .categorical(let names) where cell < names.count: return Escaping.printable(names[cell], limit: limit)
        case .categorical(let names) where cell == names.count: return "other"
        case .numeric, .categorical: return "missing"
        }
    }

    /// Four significant digits, or an exponent where they say nothing.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        let size = abs(value)
        if size == 0 { return "0" }
        if size >= 1e7 || size < 1e-4 {
            var (scaled, exponent) = (value, 0)
            while abs(scaled) >= 10 { (scaled, exponent) = (scaled / 10, exponent + 1) }
            while abs(scaled) < 1 { (scaled, exponent) = (scaled * 10, exponent - 1) }
            return "\(fixed(scaled, digits: 3))e\(exponent)"
        }
        var digits = 3
        var bound = 10.0
        while digits > 0, size >= bound { (digits, bound) = (digits - 1, bound * 10) }
        if size < 1 { digits = size < 0.01 ? 6 : 4 }
        var text = fixed(value, digits: digits)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text
    }

    /// A number below 1e15 with a fixed number of decimals, at most 6.
    static func fixed(_ value: Double, digits: Int) -> String {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        let scaled = UInt64((abs(value) * factor).rounded().clampedForCount)
        let unit = UInt64(factor)
        let fraction = String(scaled % unit)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(scaled)" }
        return "\(sign)\(scaled / unit).\(String(repeating: "0", count: digits - fraction.utf8.count))\(fraction)"
    }
}
