/// A text format that Prometheus understands.
public enum ExpositionFormat: UInt8, Sendable, Hashable, CaseIterable {
    /// Prometheus text, version 0.0.4: what every version of Prometheus, promtool and people read.
    case text = 0
    /// OpenMetrics 1.0.0: types for identities, units, an end mark.
    case openMetrics = 1

    /// Value of the `Content-Type` header.
    ///
    /// Prometheus 3 fails a scrape without an exact one.
    public var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}
