import Foundation
import Testing

extension EndToEnd {
    /// A state that another version of the daemon left behind.
    @Suite(.timeLimit(.minutes(2))) struct UpgradeTests {
        /// Files are read on from where they were, so what both versions count adds up to every line once; a rotation
        /// between them changes nothing.
        @Test(arguments: [UInt8(1), 50]) func positionsGoOn(later: UInt8) async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            let configuration = try folder.write(
                """
                listen: 127.0.0.1:0
                state_dir: \(folder.file("state").path)
                expose_values: [seq]
                sources:
                  - tail: \(folder.file("sequence.jsonl").path)
                    schema: \(SequenceWriter.schema)
                """, to: "telltale.yaml")
            var writer = try SequenceWriter(folder.file("sequence.jsonl"))
            try writer.write(1_000)
            let arguments = ["run", "--config", configuration]
            let first = try Daemon(arguments, in: folder)
            let before = try await scrape(first, lines: 1_000)
            let firstSum = try #require(before.sum("model_feature_value_sum"))
            first.send(SIGTERM)
            #expect(try await first.exitStatus() == 0)
            try writer.write(500)
            try writer.rotate()
            try writer.write(250)

            let path = folder.file("state/state.bin")
            var state = Array(try Data(contentsOf: path))
            state[8] += later
            let checksum = Self.checksum(state.dropLast(4))
            for i in 0..<4 { state[state.count - 4 + i] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * i)) }
            let file = try FileHandle(forWritingTo: path)
            try file.write(contentsOf: state)
            try file.close()

            let second = try Daemon(arguments, in: folder)
            let after = try await scrape(second, lines: 750)
            #expect(after.sum("telltale_events_accepted_total") == 750)
            #expect(after.sum("model_predictions_total", ["model": "sequence"]) == 750)
            let sum = try #require(after.sum("model_feature_value_sum"))
            #expect(firstSum + sum == Double(writer.sum))
            #expect(after.sum("telltale_state_resets_total", ["reason": "state_version"]) == 1)
            #expect(try Data(contentsOf: folder.file("state/state.other-version.bin")) == Data(state))
            second.send(SIGTERM)
            #expect(try await second.exitStatus() == 0)
        }

        private func scrape(_ daemon: Daemon, lines: Double) async throws -> Scrape {
            try await eventually("\(lines) lines", within: .seconds(30), describe: { daemon.logged }) {
                guard let scrape = try? await daemon.scrape() else { return Scrape?.none }
                return (scrape.sum("telltale_events_accepted_total") ?? 0) >= lines ? scrape : nil
            }
        }

        /// CRC-32C bit by bit.
        private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
            var crc = UInt32.max
            for byte in bytes {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            }
            return ~crc
        }
    }
}
