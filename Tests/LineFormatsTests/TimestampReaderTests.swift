import Events
import Foundation
import LineFormats
import TestKit
import Testing

@Suite struct TimestampReaderTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00Z", 1_767_225_600_000_000_000),
            ("2026-01-01t00:00:00z", 1_767_225_600_000_000_000), ("2026-01-01 00:00:00Z", 1_767_225_600_000_000_000),
            ("2026-01-01T02:00:00+02:00", 1_767_225_600_000_000_000),
            ("2025-12-31T18:30:00-05:30", 1_767_225_600_000_000_000),
            ("2026-01-01T00:00:00-00:00", 1_767_225_600_000_000_000),
            ("2026-01-01T00:00:00.5Z", 1_767_225_600_500_000_000),
            ("2026-01-01T00:00:00.123456789Z", 1_767_225_600_123_456_789),
            ("2026-01-01T00:00:00.123456789999Z", 1_767_225_600_123_456_789),
            ("2026-01-01T00:00:00.000000001+00:00", 1_767_225_600_000_000_001),
            ("2016-12-31T23:59:60Z", 1_483_228_799_999_999_999), ("2024-02-29T12:00:00Z", 1_709_208_000_000_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000_000), ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:00:00-01:00", 0), ("2261-12-31T23:59:59Z", 9_214_646_399_000_000_000),
        ] as [(String, Int64)])
    func reads(text: String, nanoseconds: Int64) {
        #expect(TimestampReader.timestamp(in: text) == nanoseconds)
    }

    @Test(arguments: [
        "", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T00:00:61Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "26-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "1601-01-01T00:00:00Z", "2263-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0200", "2026-01-01T00:00:00+02",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+02:60", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00 Z",
        "2026/01/01T00:00:00Z", "01.01.2026 00:00:00Z", "2026-01-01T0:00:00Z", "2026-1-01T00:00:00Z",
        "2026-01-01T00-00-00Z", "2026-01-01_00:00:00Z", "+2026-01-01T00:00:00Z", "2026-01-01T00:00:00.1,5Z",
        "2026-01-01T00:00:00.1234567890123456789012345678901234567890123456789Z",
    ])
    func refuses(text: String) {
        #expect(TimestampReader.timestamp(in: text) == nil, "\(text)")
    }

    /// Moments from 1970 to 2261 against the calendar of Foundation.
    @Test func agreesWithTheCalendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        var random = SplitMix64(seed: 5)
        for _ in 0..<1_000 {
            let seconds = Int64(random.next() % 9_214_646_400)
            let parts = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(seconds)))
            let text = String(
                format: "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0,
                parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0)
            #expect(TimestampReader.timestamp(in: text) == seconds * 1_000_000_000, "\(text)")
        }
    }

    @Test(
        arguments: [
            (1_767_225_600, .seconds, 1_767_225_600_000_000_000),
            (1_767_225_600.25, .seconds, 1_767_225_600_250_000_000),
            (1_767_225_600_123, .milliseconds, 1_767_225_600_123_000_000), (0, .seconds, 0),
            (1_767_225_600_123_456, .microseconds, 1_767_225_600_123_456_000),
            (1_767_225_600_123_456_768, .nanoseconds, 1_767_225_600_123_456_768),
        ] as [(Double, TimestampUnit, Int64)])
    func readsEpochs(number: Double, unit: TimestampUnit, nanoseconds: Int64) {
        #expect(TimestampReader.timestamp(number, unit) == nanoseconds)
    }

    @Test(arguments: [-1, -0.5, 9.3e9, 1e300, .infinity, .nan])
    func refusesEpochs(number: Double) {
        #expect(TimestampReader.timestamp(number, .seconds) == nil)
    }
}
