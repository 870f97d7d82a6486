/// What a client accepts, from its `Accept` and `Accept-Encoding` headers (RFC 9110, section 12.5).
///
/// Both functions look at bytes, allocate nothing and never fail: a part that makes no sense is passed over, and at
/// most `partLimit` parts are looked at.
public enum Negotiation {
    /// Most comma-separated parts of a header that are looked at.
    ///
    /// Prometheus sends six at most.
    public static let partLimit = 32

    /// The format to answer with.
    ///
    /// The highest quality wins, then the more specific range, then the earlier one. OpenMetrics is offered in version
    /// 1.0.0, text in 0.0.4; other versions, protobuf and everything else are passed over. Without a match the answer
    /// is text 0.0.4, which every client of this endpoint reads: a scrape with an odd header beats a failed one.
    ///
    /// - Parameter accept: Value of the `Accept` header; `nil` or empty for a client that sends none.
    public static func format(accept: String?) -> ExpositionFormat {
        guard let accept else { return .text }
        let header = accept.utf8Span.span
        var best: (rank: Int, format: ExpositionFormat) = (0, .text)
        forEachPart(of: header) { type, quality in
            guard quality > 0, let match = offer(for: type, in: header) else { return }
            let rank = quality * 4 + match.specificity
            if rank > best.rank { best = (rank, match.format) }
        }
        return best.format
    }

    /// Whether the answer may be compressed with gzip.
    ///
    /// - Parameter acceptEncoding: Value of the `Accept-Encoding` header; `nil` or empty for a client that sends none.
    public static func acceptsGzip(_ acceptEncoding: String?) -> Bool {
        guard let acceptEncoding else { return false }
        let header = acceptEncoding.utf8Span.span
        var (named, wildcard): (Int?, Int) = (nil, 0)
        forEachPart(of: header) { part, quality in
            let coding = trimmed(header, part.lowerBound, end(of: UInt8(ascii: ";"), in: header, part))
            if equals(header, coding, "gzip") || equals(header, coding, "x-gzip") { named = quality }
            if equals(header, coding, "*") { wildcard = quality }
        }
        return (named ?? wildcard) > 0
    }

    /// What a media range of the header asks for, if we have it.
    private static func offer(
        for part: Range<Int>, in header: Span<UInt8>
    ) -> (format: ExpositionFormat, specificity: Int)? {
        let range = trimmed(header, part.lowerBound, end(of: UInt8(ascii: ";"), in: header, part))
        if equals(header, range, "*/*") { return (.text, 0) }
        if equals(header, range, "text/*") { return (.text, 1) }
        let version = parameter("version", in: header, part)
        func isOffered(_ wanted: StaticString) -> Bool { version.map { equals(header, $0, wanted) } ?? true }
        if equals(header, range, "text/plain"), isOffered("0.0.4") { return (.text, version == nil ? 2 : 3) }
        if equals(header, range, "application/openmetrics-text"), isOffered("1.0.0") {
            return (.openMetrics, version == nil ? 2 : 3)
        }
        return nil
    }

    /// Calls `body` with each part between commas and its quality in thousandths (1,000 unless it says otherwise, 0 if
    /// that is malformed).
    private static func forEachPart(of header: Span<UInt8>, _ body: (Range<Int>, Int) -> Void) {
        var (start, parts) = (0, 0)
        while start < header.count && parts < partLimit {
            let stop = end(of: UInt8(ascii: ","), in: header, start..<header.count)
            let part = trimmed(header, start, stop)
            if !part.isEmpty {
                body(part, parameter("q", in: header, part).map { thousandths(header, $0) } ?? 1_000)
                parts += 1
            }
            start = stop + 1
        }
    }

    /// The value of a parameter `; name=value` of a part, without quotes.
    private static func parameter(_ name: StaticString, in header: Span<UInt8>, _ part: Range<Int>) -> Range<Int>? {
        var start = end(of: UInt8(ascii: ";"), in: header, part) + 1
        while start < part.upperBound {
            let stop = end(of: UInt8(ascii: ";"), in: header, start..<part.upperBound)
            let equal = end(of: UInt8(ascii: "="), in: header, start..<stop)
            if equal < stop, equals(header, trimmed(header, start, equal), name) {
                let value = trimmed(header, equal + 1, stop)
                let isQuoted =
                    value.count >= 2 && header[value.lowerBound] == UInt8(ascii: "\"")
                    && header[value.upperBound - 1] == UInt8(ascii: "\"")
                return isQuoted ? value.lowerBound + 1..<value.upperBound - 1 : value
            }
            start = stop + 1
        }
        return nil
    }

    /// A quality `0`, `0.75`, `.75` or `1.000` in thousandths; 0 if it is anything else.
    private static func thousandths(_ header: Span<UInt8>, _ range: Range<Int>) -> Int {
        var (value, weight, hasPoint) = (0, 1_000, false)
        for i in range {
            let byte = header[i]
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                if hasPoint { weight /= 10 } else if value > 0 { return 0 }
                value += Int(byte - UInt8(ascii: "0")) * weight
            } else {
                return 0
            }
        }
        return value <= 1_000 ? value : 0
    }

    /// Index of the first `byte` in a range, or the end of the range.
    private static func end(of byte: UInt8, in header: Span<UInt8>, _ range: Range<Int>) -> Int {
        var i = range.lowerBound
        while i < range.upperBound && header[i] != byte { i += 1 }
        return i
    }

    /// The range without blanks at both ends.
    private static func trimmed(_ header: Span<UInt8>, _ start: Int, _ stop: Int) -> Range<Int> {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var (low, high) = (start, stop)
        while low < high && isBlank(header[low]) { low += 1 }
        while high > low && isBlank(header[high - 1]) { high -= 1 }
        return low..<high
    }

    /// Whether a range spells `text`, which is lower case; ASCII case makes no difference.
    private static func equals(_ header: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for i in 0..<range.count {
            var byte = header[range.lowerBound + i]
            if byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") { byte |= 0x20 }
            if unsafe byte != text.utf8Start[i] { return false }
        }
        return true
    }
}
