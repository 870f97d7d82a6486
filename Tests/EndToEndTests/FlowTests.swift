import Foundation
import Testing

extension EndToEnd {
    /// No source keeps another one waiting.
    @Suite(.timeLimit(.minutes(2))) struct FlowTests {
        /// A file with a long backlog is being read, and what arrives meanwhile is seen within two seconds.
        @Test func backlogDelaysNobody() async throws {
            let folder = try TemporaryFolder()
            let file = folder.file("backlog.jsonl")
            var writer = try SequenceWriter(file)
            try writer.write(400_000)
            let size = try #require(try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int)
            let config = try folder.write(
                """
                listen: 127.0.0.1:0
                commit_interval: 100ms
                sources: [{tail: backlog.jsonl}, {udp: "127.0.0.1:0"}]
                """, to: "telltale.yaml")
            let daemon = try Daemon(["run", "--config", config], in: folder)
            let sender = try DatagramSender(port: try await daemon.port(of: "udp:"))
            let tail = ["source": "file:" + file.path]
            let udp = ["source": "udp:127.0.0.1:0"]
            try await daemon.scrape(until: "the backlog is being read") {
                $0.sum("telltale_bytes_read_total", tail) ?? 0 > 0
            }
            sender.send("model.score:0.5|h|#model:live")
            let sent = ContinuousClock.now
            let scrape = try await daemon.scrape(until: "the line is counted") {
                $0.sum("telltale_events_accepted_total", udp) == 1
            }
            #expect(ContinuousClock.now - sent < .seconds(2))
            #expect(scrape.isBalanced)
            // The backlog was still there, so this has proven something; a release build may be done with it.
            let read = try #require(scrape.sum("telltale_bytes_read_total", tail))
            let isRelease = ProcessInfo.processInfo.environment["TELLTALE_BINARY"] != nil
            #expect(read < Double(size) || isRelease)
            let capacity = try #require(scrape.sum("telltale_queue_capacity", tail))
            #expect(try #require(scrape.sum("telltale_queue_length", tail)) <= capacity)
        }
    }
}
