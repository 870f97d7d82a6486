import Foundation
import Testing

/// Tests of the real binary from the outside: files and datagrams go in, scrapes, logs and exit codes come out.
///
/// One after the other: each has a daemon of its own, and some keep two cores busy.
@Suite(.serialized) struct EndToEnd {
    /// The binary was built with this test bundle; everything else here would fail for a lesser reason.
    @Test func binaryExists() {
        #expect(FileManager.default.isExecutableFile(atPath: Daemon.binary.path), "\(Daemon.binary.path)")
    }
}
