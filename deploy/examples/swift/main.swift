// A service in Swift that reports its model over UDP, without a package: lines of DogStatsD, several to a datagram.
//
//   swiftc deploy/examples/swift/main.swift -o example && ./example 127.0.0.1 8125
import Foundation

/// Sends lines and never waits: what the kernel cannot take is lost, and the model goes on.
final class Reporter {
    private let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)

    init?(host: String, port: UInt16) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code != 0 { return nil }
    }

    deinit { close(descriptor) }

    func report(_ lines: String...) {
        let bytes = Array(lines.joined(separator: "\n").utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT))
    }
}

/// Stands for the model.
func ripeness(of weight: Double) -> String { weight > 150 ? "ripe" : "unripe" }

let arguments = CommandLine.arguments
guard arguments.count == 3, let port = UInt16(arguments[2]), let reporter = Reporter(host: arguments[1], port: port)
else { fatalError("usage: example HOST PORT") }
for number in 0..<300 {
    let weight = Double(100 + number % 100)
    let clock = ContinuousClock()
    let begin = clock.now
    let answer = ripeness(of: weight)
    let milliseconds = (clock.now - begin) / .milliseconds(1)
    reporter.report(
        "model.feature:\(weight)|g|#model:fruit,feature:weight", "model.prediction:\(answer)|s|#model:fruit",
        "model.latency:\(milliseconds)|ms|#model:fruit")
}
