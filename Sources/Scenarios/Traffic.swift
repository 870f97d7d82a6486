/// A simulated model at work: an endless, reproducible stream of prediction records.
///
/// Equal arguments give equal bytes (up to the last digit where the `exp` of the C library differs). The stream knows
/// no clock; the caller says when each record happens. Outcomes are drawn from the score itself, so the simulated
/// classifier is perfectly calibrated, and drift of `Preset.driftingFeature` leaves its quality as it is. A call that
/// failed or was rejected has no answer (null); one that timed out has its answer, only too late.
public struct Traffic: Sendable {
    /// What the stream does, for the reader of its effects.
    public var truth: Truth { simulation.truth }

    private let version: [UInt8]
    private let model: [UInt8]
    private let names: [[UInt8]]
    private let categories: [[[UInt8]]]
    private var simulation: Simulation

    /// Creates a stream.
    ///
    /// - Parameters:
    ///   - preset: Kind of model.
    ///   - scenario: What happens.
    ///   - schedule: When it happens.
    ///   - seed: Decides everything random.
    ///   - feature: The feature it happens to; `nil` for the preset's own. A feature the model listens to (other than
    ///     the preset's own) moves the score and the answers as well.
    ///   - model: Name in the records; `nil` for the preset's.
    ///   - version: Version in the records; `nil` for the preset's.
    /// - Returns: `nil` if the preset has no such feature.
    public init?(
        preset: Preset, scenario: Scenario, schedule: Schedule = Schedule(), seed: UInt64 = 1, feature: String? = nil,
        model: String? = nil, version: String? = nil
    ) {
        let inputs = preset.inputs
        let name = feature ?? preset.driftingFeature
        guard let target = inputs.firstIndex(where: { $0.name == name }) else { return nil }
        let concernsFeature = scenario != .stable && scenario != .latencySpike
        let truth = Truth(
            scenario: scenario, model: model ?? preset.rawValue, feature: concernsFeature ? name : nil,
            schedule: schedule)
        self.version = Self.escaped(version ?? preset.version)
        self.model = Self.escaped(model ?? preset.rawValue)
        names = inputs.map { Array($0.name.utf8) }
        categories = inputs.map { input in
            guard case .category(let entries) = input.shape else { return [] }
            return entries.map { Array($0.name.utf8) }
        }
        simulation = Simulation(preset: preset, inputs: inputs, target: target, truth: truth, seed: seed)
    }

    /// Appends the next record as one JSON line.
    ///
    /// - Parameters:
    ///   - time: Its event time in nanoseconds since the epoch.
    ///   - elapsed: Seconds since the stream began; decides what the scenario does to it.
    ///   - bytes: Where it goes, newline included. Costs about a microsecond and no allocation once it has grown.
    public mutating func appendRecord(at time: Int64, elapsed: Double, to bytes: inout [UInt8]) {
        let strength = simulation.strength(at: elapsed)
        bytes.append(text: #"{"ts":""#)
        bytes.append(instant: time)
        bytes.append(text: #"","id":""#)
        bytes.append(hexadecimal: simulation.nextIdentifier())
        bytes.append(text: #"","model":""#)
        bytes.append(contentsOf: model)
        bytes.append(text: #"","version":""#)
        bytes.append(contentsOf: version)
        bytes.append(text: #"","features":{"#)
        var isFirst = true
        var signal = 0.0
        let shared = simulation.nextShared()
        for index in names.indices {
            let (cell, part) = simulation.nextCell(index, shared: shared, strength: strength)
            signal += part
            if case .lacking = cell { continue }
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: names[index])
            bytes.append(text: #"":"#)
            switch cell {
            case .number(let value, let decimals): bytes.append(number: value, decimals: decimals)
            case .category(let category): bytes.append(quoted: categories[index][category])
            case .null, .lacking: bytes.append(text: "null")
            case .wrongType: bytes.append(text: #""n/a""#)
            }
        }
        bytes.append(text: "}")
        let call = simulation.nextCall(strength: strength)
        let result = simulation.nextResult(signal: signal)
        appendAnswer(result, isAnswered: call.status.isAnswered, to: &bytes)
        bytes.append(text: #","latency_ms":"#)
        bytes.append(number: call.latency, decimals: 3)
        bytes.append(text: #","status":""#)
        bytes.append(text: call.status.name)
        bytes.append(text: "\"}\n")
    }

    /// Appends the next record as DogStatsD lines, one per value, each ended by a newline; they fit one datagram.
    ///
    /// DogStatsD has no null and no join: null and lacking values send nothing, and neither do outcomes.
    public mutating func appendLines(elapsed: Double, to bytes: inout [UInt8]) {
        let strength = simulation.strength(at: elapsed)
        var signal = 0.0
        let shared = simulation.nextShared()
        for index in names.indices {
            let (cell, part) = simulation.nextCell(index, shared: shared, strength: strength)
            signal += part
            switch cell {
            case .null, .lacking: continue
            default: bytes.append(text: "model.feature:")
            }
            switch cell {
            case .number(let value, let decimals):
                bytes.append(number: value, decimals: decimals)
                bytes.append(text: "|g")
            case .category(let category):
                bytes.append(contentsOf: categories[index][category])
                bytes.append(text: "|s")
            case .null, .lacking, .wrongType: bytes.append(text: "n/a|s")
            }
            appendTags(to: &bytes)
            bytes.append(text: ",feature:")
            bytes.append(contentsOf: names[index])
            bytes.append(UInt8(ascii: "\n"))
        }
        let call = simulation.nextCall(strength: strength)
        switch simulation.nextResult(signal: signal) {
        case .classes(let predicted, _, let score) where call.status.isAnswered:
            bytes.append(text: "model.prediction:")
            bytes.append(contentsOf: predicted.utf8)
            bytes.append(text: "|s")
            appendTags(status: call.status, to: &bytes)
            bytes.append(text: "\nmodel.score:")
            bytes.append(number: score, decimals: 4)
            bytes.append(text: "|g")
            appendTags(to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        case .number(let predicted, _) where call.status.isAnswered:
            bytes.append(text: "model.prediction:")
            bytes.append(number: predicted, decimals: 0)
            bytes.append(text: "|g")
            appendTags(status: call.status, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        case .classes, .number:
            bytes.append(text: "model.prediction:1|c")
            appendTags(status: call.status, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes.append(text: "model.latency:")
        bytes.append(number: call.latency, decimals: 3)
        bytes.append(text: "|ms")
        appendTags(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    private func appendAnswer(_ result: Simulation.Result, isAnswered: Bool, to bytes: inout [UInt8]) {
        guard isAnswered else { return bytes.append(text: #","prediction":null"#) }
        bytes.append(text: #","prediction":"#)
        switch result {
        case .classes(let predicted, let actual, let score):
            bytes.append(quoted: predicted.utf8)
            bytes.append(text: #","score":"#)
            bytes.append(number: score, decimals: 4)
            bytes.append(text: #","outcome":"#)
            bytes.append(quoted: actual.utf8)
        case .number(let predicted, let actual):
            bytes.append(number: predicted, decimals: 0)
            bytes.append(text: #","outcome":"#)
            bytes.append(number: actual, decimals: 0)
        }
    }

    private func appendTags(status: Simulation.Status? = nil, to bytes: inout [UInt8]) {
        bytes.append(text: "|#model:")
        bytes.append(contentsOf: model)
        bytes.append(text: ",version:")
        bytes.append(contentsOf: version)
        guard let status else { return }
        bytes.append(text: ",status:")
        bytes.append(text: status.name)
    }

    /// A name as it may stand inside a JSON string and a DogStatsD tag; what has a meaning in either becomes `_`.
    private static func escaped(_ name: String) -> [UInt8] {
        name.utf8.map { byte in
            switch byte {
            case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "|"), UInt8(ascii: ","),
                UInt8(ascii: "#"):
                UInt8(ascii: "_")
            default: byte
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(quoted text: some Sequence<UInt8>) {
        append(UInt8(ascii: "\""))
        append(contentsOf: text)
        append(UInt8(ascii: "\""))
    }
}
