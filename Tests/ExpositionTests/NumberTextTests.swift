import Exposition
import Testing

/// How numbers are spelled.
@Suite struct NumberTextTests {
    /// What the writer makes of a value.
    private func text(_ value: Double) -> String {
        line { $0.close(value) }.split(separator: " ").last.map(String.init) ?? ""
    }

    /// What the writer makes of a bound or a quantile rank.
    private func canonical(_ value: Double) -> String {
        let parts = line {
            $0.label("q", value)
            $0.closeIdentity()
        }.split(separator: "\"")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    private func line(_ write: (inout ExpositionWriter) -> Void) -> String {
        var writer = ExpositionWriter(format: .text)
        guard writer.begin(FamilyDescriptor("x", .gauge, help: "X.")) else { return "" }
        writer.open()
        write(&writer)
        let lines = String(decoding: writer.bytes, as: UTF8.self).split(separator: "\n")
        return lines.last.map(String.init) ?? ""
    }

    @Test(arguments: [
        (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (0.1, "0.1"), (-0.5, "-0.5"), (100, "100"), (123.456, "123.456"),
        (0.0001, "0.0001"), (0.00012345, "0.00012345"), (0.00001, "1e-05"), (1.5e-7, "1.5e-07"),
        (1_732_147_200.123, "1732147200.123"), (9_007_199_254_740_991, "9007199254740991"),
        (9_007_199_254_740_992, "9007199254740992"), (1e16, "10000000000000000"), (1e17, "1e+17"), (1e21, "1e+21"),
        (1.25e100, "1.25e+100"), (.leastNonzeroMagnitude, "5e-324"),
        (2.2250738585072014e-308, "2.2250738585072014e-308"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (1e23, "1e+23"), (9.5367431640625e-7, "9.5367431640625e-07"), (2.0 / 3, "0.6666666666666666"),
    ])
    func value(_ number: Double, _ expected: String) { #expect(text(number) == expected) }

    /// The list of the OpenMetrics specification, "Considerations: canonical numbers".
    @Test(arguments: [
        (0, "0.0"), (0.001, "0.001"), (0.0025, "0.0025"), (0.05, "0.05"), (1, "1.0"), (2.5, "2.5"), (10, "10.0"),
        (100_000, "100000.0"), (1e6, "1e+06"), (1e10, "1e+10"), (1e-4, "0.0001"), (1e-5, "1e-05"), (1e-10, "1e-10"),
        (123_456.5, "123456.5"), (1_234_567, "1.234567e+06"), (.infinity, "+Inf"), (-0.25, "-0.25"),
    ])
    func canonicalNumber(_ number: Double, _ expected: String) { #expect(canonical(number) == expected) }

    /// Counts of every length, at the ends and in the middle.
    @Test func counts() {
        var (numbers, power): ([UInt64], UInt64) = ([0, .max], 1)
        for _ in 0..<19 {
            numbers += [power, power &* 7 &+ 3]
            power *= 10
            numbers += [power - 1, power, power + 1]
        }
        for number in numbers { #expect(line { $0.close(count: number) } == "x \(number)") }
    }

    /// Any finite number reads back as itself and is as short as the standard library's, which is the shortest.
    @Test(arguments: 0..<UInt64(8))
    func roundTrip(seed: UInt64) throws {
        var state = seed
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
        func digits(_ text: String) -> String {
            let significand = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
            return String(significand.reversed().drop { $0 == "0" }.reversed())
        }
        for round in 0..<2_000 {
            let bits = next()
            // All of the range, powers of two with their uneven neighbours, subnormals, and short decimals.
            let number: Double =
                switch round % 4 {
                case 0: Double(bitPattern: bits)
                case 1: Double(bitPattern: bits & 0x7FF0_0000_0000_0000)
                case 2: Double(bitPattern: bits >> 12)
                default: Double(Int64(truncatingIfNeeded: bits >> 40)) / 1_000
                }
            guard number.isFinite else { continue }
            let written = text(number)
            #expect(Double(written) == number, "\(number.bitPattern)")
            #expect(digits(written) == digits(number.description), "\(number) as \(written)")
        }
    }
}
