/// Makes text from outside harmless in logs, errors and pages.
enum Escaping {
    /// The text with control characters, quotes and backslashes escaped, cut to `limit` bytes of input.
    static func printable(_ text: String, limit: Int = .max) -> String {
        var result: [UInt8] = []
        var used = 0
        for scalar in text.unicodeScalars {
            let width = UTF8.width(scalar)
            if used + width > limit {
                result.append(contentsOf: "…".utf8)
                break
            }
            used += width
            switch scalar {
            case "\n": result.append(contentsOf: "\\n".utf8)
            case "\r": result.append(contentsOf: "\\r".utf8)
            case "\t": result.append(contentsOf: "\\t".utf8)
            case "\"": result.append(contentsOf: "\\\"".utf8)
            case "\\": result.append(contentsOf: "\\\\".utf8)
            case _ where isControl(scalar):
                result.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] {
                    result.append(hexDigit(Int(truncatingIfNeeded: scalar.value >> UInt32(shift)) & 15))
                }
            default: result.append(contentsOf: Array(String(scalar).utf8))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The text for the inside of an HTML element or a double-quoted attribute.
    static func html(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case _ where isControl(scalar): result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// C0, DEL, C1, and the characters that change the direction or the line of what follows.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func hexDigit(_ value: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: value < 10 ? 48 + value : 87 + value)
    }
}
