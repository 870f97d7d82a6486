public import ArgumentParser
internal import Glibc
public import Scenarios

extension Scenario: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}

/// The command `telltale simulate`.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play a model at work: write its prediction log, or send it over UDP.",
        discussion: """
            The stream is healthy until second --at; then the scenario begins. Equal arguments and seeds give equal \
            values, so that a run can be repeated.

            Examples:
              telltale simulate sudden-drift --rate 200 --output predictions.jsonl
              telltale simulate latency-spike --preset churn --at 120 --until 240 --duration 600 --output churn.jsonl
              telltale simulate data-quality --format statsd --udp 127.0.0.1:8125
              telltale simulate stable --fast --duration 3600 --rate 100 --output reference.jsonl
            """)

    /// Form of what is sent.
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case json, statsd
    }

    @Argument(help: "What happens.")
    var scenario: Scenario

    @Option(help: "Kind of model.")
    var preset = Preset.fraud

    @Option(help: "Records per second, 0.01 to 1,000,000.")
    var rate = 100.0

    @Option(help: "Seconds of the stream; without it, it goes on until interrupted.")
    var duration: Double?

    @Option(help: "Seed of everything random.")
    var seed: UInt64 = 1

    @Option(
        name: [.short, .long], help: "File to append to; created if need be. Without it or --udp: standard output.")
    var output: String?

    @Option(help: "Address and port to send datagrams to.")
    var udp: String?

    @Option(help: "Form of datagrams: json or statsd.")
    var format = Form.json

    @Option(help: "Second at which the scenario begins.")
    var at = 60.0

    @Option(help: "Second at which it ends; without it, it stays.")
    var until: Double?

    @Option(help: "Seconds a gradual drift takes to its full strength.")
    var ramp = 300.0

    @Option(help: "Feature it happens to; without it, the preset's own.")
    var feature: String?

    @Option(help: "Name of the model in the records.")
    var model: String?

    @Option(help: "Version of the model in the records.")
    var modelVersion: String?

    @Flag(help: "Write as fast as possible, with event times as if at --rate, the last one now. Needs --duration.")
    var fast = false

    @Option(help: "Event time of the first record, in seconds since the epoch. Without it: now.")
    var start: Double?

    func run() throws {
        guard rate.isFinite, rate >= 0.01, rate <= 1_000_000 else {
            throw Failure.usage("--rate must be 0.01 to 1,000,000")
        }
        for (name, value) in [
            ("--duration", duration), ("--at", at), ("--until", until), ("--ramp", ramp), ("--start", start),
        ] {
            guard let value else { continue }
            guard value.isFinite, value >= 0, value <= 1e10 else {
                throw Failure.usage("\(name) must be 0 to 1e10 seconds")
            }
        }
        guard !fast || duration != nil else { throw Failure.usage("--fast needs --duration: it would never end") }
        guard output == nil || udp == nil else { throw Failure.usage("--output and --udp exclude each other") }
        guard format == .json || udp != nil else { throw Failure.usage("--format statsd needs --udp") }
        let schedule = Schedule(at: at, until: until, ramp: ramp)
        let traffic = Traffic(
            preset: preset, scenario: scenario, schedule: schedule, seed: seed, feature: feature, model: model,
            version: modelVersion)
        guard let traffic else {
            throw Failure.usage(
                "--feature: the preset \(preset.rawValue) has no such feature; it has "
                    + preset.features.joined(separator: ", "))
        }
        do throws(SystemError) {
            let target = try SimulationTarget(output: output, udp: udp)
            StandardError.write("telltale: simulating \(traffic.truth), seed \(seed)\n")
            var pacer = SimulationPacer(command: self, traffic: traffic, target: target)
            try pacer.run()
        } catch {
            throw Failure.running(error.description)
        }
    }
}

/// Where simulated records go.
final class SimulationTarget {
    /// Most bytes of a datagram: what an Ethernet frame carries.
    static let datagramBytes = 1_432

    private let descriptor: Int32
    private let name: String
    /// Whether each piece is one datagram.
    let isDatagram: Bool
    /// Datagrams nobody listened for.
    private(set) var refused: UInt64 = 0

    /// Opens a file for appending, or connects a socket; standard output without both.
    init(output: String?, udp: String?) throws(SystemError) {
        isDatagram = udp != nil
        name = output ?? udp ?? "standard output"
        if let udp {
            guard let endpoint = Endpoint(udp), endpoint.port > 0 else {
                throw SystemError(action: "send to (ADDRESS:PORT is expected)", path: udp, code: EINVAL)
            }
            descriptor = try NumericAddress.connectDatagrams(to: endpoint)
        } else if let output, output != "-" {
            descriptor = unsafe open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            if descriptor < 0 { throw .current("append to", output) }
        } else {
            descriptor = dup(STDOUT_FILENO)
            if descriptor < 0 { throw .current("write to", name) }
        }
    }

    deinit { close(descriptor) }

    /// Writes whole records; a reader of the file never sees half of one for longer than a write takes.
    func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if isDatagram, errno == ECONNREFUSED {
                refused += 1
                return
            } else if count == 0 || errno != EINTR {
                throw .current("write to", name)
            }
        }
    }
}
