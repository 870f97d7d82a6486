import Glibc

/// A prediction log of the usual shape, from a seed: 20 leaf fields, 10 of them numeric features with skewed values and
/// 3 categorical ones, about 330 bytes a record, three models in two versions, one value in 200 null.
struct Generator {
    private static let countries = ["DE", "FR", "US", "GB", "ES", "IT", "PL", "NL", "SE", "BR", "IN", "JP"]
    private static let plans = ["free", "basic", "pro", "enterprise"]
    private static let channels = ["web", "ios", "android", "api", "partner"]
    private static let models = ["churn", "fraud", "credit-risk"]

    private var state: UInt64
    private var milliseconds = 0.0

    /// Starts a log.
    init(seed: UInt64) { state = seed }

    /// Appends one record and its newline; event time runs at 2,000 records per second from 2026-01-01 on.
    ///
    /// - Parameters:
    ///   - line: Where it goes.
    ///   - model: The model it names; `nil` for one of three.
    mutating func append(to line: inout String, model: String? = nil) {
        milliseconds -= log(uniform()) / 2
        let (id, tail) = (bits(), bits())
        line += "{\"ts\":\"\(timestamp())\",\"id\":\"\(hex(id, 16))-\(hex(tail, 12))\""
        line +=
            ",\"model\":\"\(model ?? skewed(Self.models))\",\"version\":\"2026.01.\(bits() % 2 + 1)\",\"features\":{"
        number("age", 18 + abs(normal()) * 18, 0, &line)
        number("tenure_months", -log(uniform()) * 24, 1, &line)
        number("balance", exp(7 + 1.6 * normal()), 2, &line)
        number("num_products", Double(1 + bits() % 4), 0, &line)
        number("credit_score", 650 + 90 * normal(), 0, &line)
        number("salary", exp(10.6 + 0.5 * normal()), 2, &line)
        number("txn_count_30d", -log(uniform()) * 22, 0, &line)
        number("avg_ticket", exp(3.2 + 0.9 * normal()), 4, &line)
        number("days_since_login", -log(uniform()) * 9, 3, &line)
        number("utilization", 1 / (1 + exp(-normal())), 6, &line)
        line += "\"country\":\"\(skewed(Self.countries))\",\"plan\":\"\(skewed(Self.plans))\""
        line += ",\"channel\":\"\(skewed(Self.channels))\"}"
        let score = 1 / (1 + exp(-1.2 * normal()))
        let answer = score > 0.7 ? "positive" : score > 0.4 ? "review" : "negative"
        line += ",\"prediction\":\"\(answer)\",\"score\":\(fixed(score, 6))"
        line += ",\"latency_ms\":\(fixed(exp(2.1 + 0.45 * normal()), 3))}\n"
    }

    private mutating func number(_ name: String, _ value: Double, _ decimals: Int, _ line: inout String) {
        line += "\"\(name)\":\(bits() % 200 == 0 ? "null" : fixed(value, decimals)),"
    }

    private func fixed(_ value: Double, _ decimals: Int) -> String {
        let scale = pow(10, Double(decimals))
        let whole = Int64((abs(value) * scale).rounded())
        let (before, after) = whole.quotientAndRemainder(dividingBy: Int64(scale))
        let sign = value < 0 && whole > 0 ? "-" : ""
        return decimals == 0 ? "\(sign)\(before)" : "\(sign)\(before).\(padded(after, decimals))"
    }

    private func timestamp() -> String {
        let total = Int64(milliseconds)
        let (days, rest) = total.quotientAndRemainder(dividingBy: 86_400_000)
        let time = [rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60].map { padded($0, 2) }
        return "2026-01-\(padded(days % 31 + 1, 2))T\(time[0]):\(time[1]):\(time[2]).\(padded(rest % 1_000, 3))Z"
    }

    private func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private func hex(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String((String(repeating: "0", count: 16) + digits).suffix(width))
    }

    private mutating func skewed(_ names: [String]) -> String {
        let draw = uniform()
        return names[min(names.count - 1, Int(Double(names.count) * draw * draw))]
    }

    private mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func uniform() -> Double { (Double(bits() >> 11) + 0.5) * 0x1p-53 }

    private mutating func normal() -> Double { sqrt(-2 * log(uniform())) * cos(2 * .pi * uniform()) }
}
