import Foundation
import Testing

@testable import Scenarios

@Suite struct ByteTextTests {
    /// Numbers are rounded half away from zero, with exactly the digits asked for, and never spelled `-0`.
    @Test(arguments: [
        (0, 0, "0"), (0, 3, "0.000"), (1.5, 0, "2"), (-1.5, 0, "-2"), (-0.004, 2, "0.00"), (0.005, 2, "0.01"),
        (12.3456, 2, "12.35"), (-12.3, 1, "-12.3"), (1e18, 0, "1000000000000"), (0.999_999_9, 6, "1.000000"),
        (5, -3, "5"),
    ])
    func numbers(value: Double, decimals: Int, text: String) {
        var bytes: [UInt8] = []
        bytes.append(number: value, decimals: decimals)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    /// Instants agree with Foundation's calendar, leap days and years before the epoch included.
    @Test(arguments: [
        0, 951_782_400, 951_868_799, 1_709_164_800, 1_767_225_600, 4_102_444_800, -1, -86_400, -2_208_988_800,
        9_000_000_000, -9_000_000_000,
    ])
    func instants(seconds: Int64) {
        var bytes: [UInt8] = []
        bytes.append(instant: seconds * 1_000_000_000 + 7_000_000)
        let expected = Date(timeIntervalSince1970: Double(seconds)).ISO8601Format().dropLast() + ".007Z"
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    /// The ends of the representable time do not trap.
    @Test(arguments: [Int64.min, Int64.max])
    func extremeInstants(nanoseconds: Int64) {
        var bytes: [UInt8] = []
        bytes.append(instant: nanoseconds)
        #expect(bytes.count == 24)
    }

    /// Identifiers are 16 hexadecimal digits, most significant first.
    @Test func hexadecimals() {
        var bytes: [UInt8] = []
        bytes.append(hexadecimal: 0x0123_4567_89AB_CDEF)
        #expect(String(decoding: bytes, as: UTF8.self) == "0123456789abcdef")
    }

    /// The generator is SplitMix64: the first outputs of seed 1234567 as published with it.
    @Test func generatorIsSplitMix64() {
        var random = RandomStream(seed: 1_234_567)
        #expect(random.bits() == 6_457_827_717_110_365_317)
        #expect(random.bits() == 3_203_168_211_198_807_973)
    }

    /// Truth reads as a sentence and names the feature.
    @Test func truthIsReadable() throws {
        let schedule = Schedule(at: 60, until: 90.5)
        let sudden = try #require(Traffic(preset: .fraud, scenario: .suddenDrift, schedule: schedule))
        #expect(
            sudden.truth.description
                == "fraud: amount drifts from second 60 until second 90.5, every other signal stays")
        let quality = try #require(Traffic(preset: .price, scenario: .dataQuality))
        #expect(
            quality.truth.description
                == "price: 20 % of distance_km is missing, 5 % of the wrong type, 5 % out of range from second 60 on")
        let spike = try #require(Traffic(preset: .churn, scenario: .latencySpike))
        #expect(spike.truth.feature == nil)
        #expect(spike.truth.description == "churn: answers take 8 times as long and 10 % time out from second 60 on")
        for preset in Preset.allCases {
            let gradual = try #require(Traffic(preset: preset, scenario: .gradualDrift))
            #expect(gradual.truth.description.contains(preset.driftingFeature))
        }
    }
}
