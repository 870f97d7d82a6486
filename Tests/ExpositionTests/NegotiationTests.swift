import Exposition
import TestKit
import Testing

/// Which format a client gets.
@Suite struct NegotiationTests {
    private static let openMetrics = "application/openmetrics-text"
    private static let protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

    /// What each Prometheus really sends.
    @Test(arguments: [
        "\(openMetrics);version=1.0.0;q=0.75,\(openMetrics);q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "\(openMetrics);version=1.0.0,\(openMetrics);version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        """
        \(protobuf),\(openMetrics);version=1.0.0;q=0.8,\(openMetrics);version=0.0.1;q=0.75,\
        text/plain;version=0.0.4;q=0.5,*/*;q=0.1
        """,
        """
        \(openMetrics);version=1.0.0;q=0.5,\(openMetrics);version=0.0.1;q=0.4,\
        text/plain;version=0.0.4;q=0.3,*/*;q=0.2
        """,
        """
        \(openMetrics);version=1.0.0;escaping=allow-utf-8;q=0.6,\
        \(openMetrics);version=0.0.1;escaping=allow-utf-8;q=0.5,\
        text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
        text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2
        """,
        """
        \(protobuf);q=0.6,\(openMetrics);version=1.0.0;escaping=allow-utf-8;q=0.5,\(openMetrics);version=0.0.1;q=0.4,\
        text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1
        """,
    ])
    func prometheus(_ accept: String) { #expect(Negotiation.format(accept: accept) == .openMetrics) }

    @Test(
        arguments: [
            (nil, ExpositionFormat.text), ("", .text), ("*/*", .text), ("text/plain", .text),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", .text),
            ("application/openmetrics-text", .openMetrics),
            ("Application/OpenMetrics-Text ; Version = \"1.0.0\" ; Q = 0.3 , */* ; q = 0.2", .openMetrics),
            // The higher quality wins, whatever comes first; at equal quality the more specific, then the first.
            ("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.8", .text),
            ("*/*,application/openmetrics-text;version=1.0.0", .openMetrics),
            ("text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0", .text),
            ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4", .openMetrics),
            // Versions and formats we do not write.
            ("application/openmetrics-text;version=0.0.1", .text),
            ("application/openmetrics-text;version=2.0.0", .text),
            (protobuf, .text), ("application/json", .text),
            // Refused and malformed qualities.
            ("application/openmetrics-text;q=0,text/plain;q=0.1", .text),
            ("application/openmetrics-text;q=abc,text/plain;q=0.1", .text),
            ("application/openmetrics-text;q=2,*/*;q=0.1", .text),
            ("application/openmetrics-text;q=1.000", .openMetrics),
            ("application/openmetrics-text;q=", .text), (",,;;,=;q,application/openmetrics-text;;", .openMetrics),
            (String(repeating: "a/b,", count: 10_000) + "application/openmetrics-text", .text),
        ] as [(String?, ExpositionFormat)])
    func format(_ accept: String?, _ expected: ExpositionFormat) {
        #expect(Negotiation.format(accept: accept) == expected)
    }

    @Test(
        arguments: [
            (nil, false), ("", false), ("gzip", true), ("deflate, GZIP;q=0.5", true), ("gzip;q=0", false), ("*", true),
            ("*;q=0, gzip", true), ("identity;q=1, *;q=0", false), ("gzip;q=0, *", false), ("br, zstd", false),
            ("x-gzip", true), ("gzipped", false),
        ] as [(String?, Bool)])
    func gzip(_ acceptEncoding: String?, _ expected: Bool) {
        #expect(Negotiation.acceptsGzip(acceptEncoding) == expected)
    }

    /// Headers come from anyone: pieces of real ones in any order never trap, and the answer is always a format.
    @Test(arguments: 0..<UInt64(200))
    func anyHeader(seed: UInt64) {
        let pieces = [
            "application/openmetrics-text", "text/plain", "*/*", ";", ",", "=", "q", "version", "1.0.0", "\"", " ",
            "\t",
            "0.5", ".", "99999999999999999999", "gzip", "é", "\0",
        ]
        var random = SplitMix64(seed: seed)
        let header = (0..<20).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
        #expect(ExpositionFormat.allCases.contains(Negotiation.format(accept: header)))
        #expect(Negotiation.acceptsGzip(header) || !Negotiation.acceptsGzip(header + ",gzip;q=0"))
    }

    @Test func contentTypes() {
        #expect(ExpositionFormat.text.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            ExpositionFormat.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    }
}
