import Events
import Foundation
import Monitor
import Testing

@testable import Daemon

@Suite struct ReferenceFileTests {
    private static let signals = [
        SignalReference(
            kind: .input, name: "amount", layout: .numeric(edges: [0.1, 1, 1e300]), counts: [1, 2, 3, 4, 5], invalid: 6,
            range: -0.1...1e308, mean: 0.30000000000000004, standardDeviation: .leastNonzeroMagnitude,
            interquartileRange: 0, effectiveEvents: 3,
            hours: HourlyReference(
                counts: (0..<840).map { $0 < 5 || $0 > 834 ? UInt64($0) : 0 }, weight: 32)),
        SignalReference(
            kind: .prediction, name: "prediction", layout: .categorical(names: ["a\"b", "ü", ""]),
            counts: [7, 8, 0, 9, 0]),
    ]

    private static let reference = Reference(
        model: "m", version: nil, hash: Reference.contentHash(events: 15, utcOffset: 19_800, signals: signals),
        source: .file, created: 1_767_225_600_123_000_000, events: 15, utcOffset: 19_800, signals: signals)

    private func text() throws -> String { String(decoding: try ReferenceFile.encode(Self.reference), as: UTF8.self) }

    private func decode(_ text: String) throws -> Reference {
        try ReferenceFile.decode(Array(text.utf8), path: "ref.json")
    }

    @Test func roundTrip() throws { #expect(try decode(try text()) == Self.reference) }

    /// A file of format 1 knows no effective events, and its hash is what it was.
    @Test func firstFormat() throws {
        var signals = Self.signals
        (signals[0].effectiveEvents, signals[0].hours) = (nil, nil)
        var old = Self.reference
        (old.signals, old.utcOffset) = (signals, 0)
        old.hash = Reference.contentHash(events: 15, signals: signals)
        let text = String(decoding: try ReferenceFile.encode(old), as: UTF8.self)
        #expect(old.hash != Self.reference.hash && !text.contains("effective_events"))
        #expect(!text.contains("hour_of_week") && !text.contains("utc_offset"))
        let first = text.replacingOccurrences(of: "\"telltale_reference\" : 3", with: "\"telltale_reference\" : 1")
        #expect(try decode(first) == old)
    }

    @Test func isReadable() throws {
        let text = try text()
        #expect(text.contains("\"telltale_reference\" : 3"))
        #expect(text.contains("\"created\" : \"2026-01-01T00:00:00.123Z\""))
        #expect(text.hasSuffix("}\n"))
        #expect(try ReferenceFile.encode(Self.reference) == ReferenceFile.encode(Self.reference))
    }

    /// Any change of the content is noticed, and each inconsistency named.
    @Test(arguments: [
        ("\"events\" : 15", "\"events\" : 16", "changed after it was built"),
        ("\"count\" : 7", "\"count\" : 17", "changed after it was built"),
        ("\"telltale_reference\" : 3", "\"telltale_reference\" : 4", "format version 4"),
        ("\"telltale_reference\" : 3", "\"other\" : 1", "is no reference"),
        ("\"events\" : 15", "\"events\" : \"x\"", "wrong type at events"),
        ("\"events\" : 15,", "", "lacks events"),
        ("\"kind\" : \"input\"", "\"kind\" : \"inptu\"", "unknown kind"),
        ("\"source\" : \"file\"", "\"source\" : \"x\"", "unknown source"),
        ("2026-01-01T", "yesterday", "RFC 3339"),
        ("0.1,", "2,", "do not ascend"),
        ("\"type\" : \"numeric\"", "\"type\" : \"categorical\"", "as its type demands"),
        ("\"ü\"", "\"a\\\"b\"", "category twice"),
        ("\"effective_events\" : 3", "\"effective_events\" : 0", "effective_events"),
        ("\"0 1 2 3 4\"", "\"0 1 2 3\"", "not 5 counts"),
        ("\"0 1 2 3 4\"", "\"0 1 2 3 x\"", "not 5 counts"),
        ("\"0 1 2 3 4\"", "\"0 1 2 3 5\"", "changed after it was built"),
        ("\"0 1 2 3 4\",", "", "167 hours"),
        ("\"weight\" : 32", "\"weight\" : 0", "weight of its hours out of range"),
        ("\"utc_offset_seconds\" : 19800", "\"utc_offset_seconds\" : 19801", "distance from UTC"),
        ("\"utc_offset_seconds\" : 19800", "\"utc_offset_seconds\" : 3600", "changed after it was built"),
        ("\"missing\" : 5", "\"missing\" : 18446744073709551615", "2^53"),
        ("{", "", "is no reference"),
    ])
    func refused(old: String, new: String, words: String) throws {
        let original = try text()
        let place = try #require(original.range(of: old))
        let error = try #require(throws: ReferenceFileError.self) {
            try decode(original.replacingCharacters(in: place, with: new))
        }
        #expect(error.description.hasPrefix("ref.json: ") && error.description.contains(words), "\(error)")
    }

    @Test func unreadable() throws {
        let error = try #require(throws: ReferenceFileError.self) { try ReferenceFile.load(path: "/nowhere/ref.json") }
        #expect(error.description == "/nowhere/ref.json: No such file or directory")
    }

    @Test func table() {
        let text = ReferenceTable.text(Self.reference)
        #expect(text.contains("input amount"))
        #expect(text.contains("worth 3 events") && text.contains("by hour of the week"))
        #expect(text.contains("≥ 1.000e300"))
        #expect(text.contains("█"))
        #expect(text.contains("a\\\"b"))
    }

    @Test(
        arguments: [
            (0, "0"), (1, "1"), (-1.5, "-1.5"), (0.05, "0.05"), (0.001234, "0.001234"), (12.34567, "12.35"),
            (123456, "123456"), (1e7, "1.000e7"), (-2.5e-9, "-2.500e-9"), (999.96, "1000"), (.infinity, "inf"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) { #expect(TableText.number(value) == text) }
}
