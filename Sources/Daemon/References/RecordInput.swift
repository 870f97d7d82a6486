internal import Glibc

/// The bytes of a file of records, decompressed if they are compressed with gzip, which its first bytes tell.
final class RecordInput {
    /// Bytes of one read.
    private static let chunkBytes = 256 << 10
    /// The path that stands for standard input.
    static let standardInput = "-"

    /// Bytes taken from the file so far, compressed as they may be.
    private(set) var position: UInt64 = 0
    /// Bytes of the file; `nil` for a pipe.
    let size: UInt64?

    private let name: String
    private let descriptor: Int32
    private var chunk = [UInt8](repeating: 0, count: RecordInput.chunkBytes)
    private var gzip: GzipReader?
    private var isFirst = true

    /// Opens a file; `-` is standard input.
    ///
    /// - Throws: `Failure` with exit status 2: it cannot be read.
    init(path: String) throws(Failure) {
        name = path == Self.standardInput ? "standard input" : path
        descriptor =
            path == Self.standardInput ? dup(STDIN_FILENO) : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.usage(SystemError.current("read", name).description) }
        var status = stat()
        let isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        size = isRegular ? UInt64(clamping: status.st_size) : nil
    }

    deinit { close(descriptor) }

    /// Appends further bytes to `bytes`; `false` at the end.
    ///
    /// - Throws: `Failure` with exit status 2: it cannot be read, or it is damaged.
    func read(into bytes: inout [UInt8]) throws(Failure) -> Bool {
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure.usage(SystemError.current("read", name).description) }
            guard count > 0 else {
                guard gzip?.isComplete ?? true else { throw damage }
                return false
            }
            position &+= UInt64(count)
            if isFirst, Gzip.isGzip(chunk[..<count]) { gzip = GzipReader() }
            isFirst = false
            guard let gzip else {
                bytes.append(contentsOf: chunk[..<count])
                return true
            }
            let before = bytes.count
            do throws(GzipReader.Damage) {
                try gzip.decompress(chunk[..<count], into: &bytes)
            } catch {
                throw damage
            }
            if bytes.count > before { return true }
        }
    }

    private var damage: Failure { Failure.usage("\(name): the gzip data is damaged or ends too early") }
}
