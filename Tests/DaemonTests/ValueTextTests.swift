import Testing

@testable import Daemon

@Suite struct ValueTextTests {
    @Test(
        arguments: [
            ("250ms", 250_000_000), ("1s", 1_000_000_000), ("0s", 0), ("1.5m", 90_000_000_000),
            ("2h", 7_200_000_000_000),
            ("1d", 86_400_000_000_000), ("1w", 604_800_000_000_000),
        ] as [(String, Int64)])
    func durations(text: String, nanoseconds: Int64) { #expect(ValueText.duration(text) == nanoseconds) }

    @Test(arguments: ["", "1", "s", "-1s", "1 s", ".5s", "1.s", "1e3s", "infs", "nan", "1y", "999999999999w", "1.2.3s"])
    func noDurations(text: String) { #expect(ValueText.duration(text) == nil) }

    @Test(arguments: [
        ("0", 0), ("65536", 65_536), ("64KiB", 65_536), ("4MiB", 4 << 20), ("10kB", 10_000), ("1GB", 1_000_000_000),
    ])
    func byteCounts(text: String, bytes: Int) { #expect(ValueText.byteCount(text) == bytes) }

    @Test(arguments: ["", "KiB", "1.5MiB", "-1", "9223372036854775807KiB", "1 KiB", "1Kib"])
    func noByteCounts(text: String) { #expect(ValueText.byteCount(text) == nil) }

    @Test(arguments: ["5m", "1h", "90m", "1d", "250ms", "0s", "36h"])
    func durationsAsText(text: String) throws {
        #expect(ValueText.text(nanoseconds: try #require(ValueText.duration(text))) == text)
    }

    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1:80"), ("localhost:0", "127.0.0.1:0"), ("[::1]:65535", "[::1]:65535"),
        (":9", "0.0.0.0:9"),
    ])
    func endpoints(text: String, canonical: String) { #expect(Endpoint(text)?.description == canonical) }

    @Test(arguments: [
        "", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "[127.0.0.1]:1", "host:1", "1.2.3.4:+1",
        "1.2.3:4",
    ])
    func noEndpoints(text: String) { #expect(Endpoint(text) == nil) }

    @Test func loopback() throws {
        #expect(try #require(Endpoint("127.1.2.3:1")).isLoopback)
        #expect(try #require(Endpoint("[::1]:1")).isLoopback)
        #expect(try #require(Endpoint("0.0.0.0:1")).isLoopback == false)
    }

    @Test(arguments: [("a.b", ["a", "b"]), ("a", ["a"])])
    func paths(text: String, keys: [String]) { #expect(ValueText.path(text) == keys) }

    @Test(arguments: ["", ".", "a.", ".a", "a..b"])
    func noPaths(text: String) { #expect(ValueText.path(text) == nil) }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_767_225_600_123_456_789, "2026-01-01T00:00:00.123Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (4_102_444_799_999_999_999, "2099-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func timestamps(nanoseconds: Int64, text: String) { #expect(Timestamps.text(nanoseconds) == text) }

    @Test func nearestWord() {
        #expect(Spelling.nearest("comit", among: ["commit", "listen"]) == "commit")
        #expect(Spelling.nearest("zzz", among: ["commit", "listen"]) == nil)
        #expect(Spelling.nearest("a", among: ["b"]) == nil)
    }
}
