internal import Ingest

/// Decompresses gzip as it comes, in bounded memory; several members follow each other.
///
/// Belongs to the one thread that reads with it.
final class GzipReader {
    /// The compressed bytes are no gzip, or a checksum is wrong.
    struct Damage: Error {}

    private let inflater = Inflater()
    /// Whether it is within a member.
    private var isOpen = false
    private var piece = [UInt8](repeating: 0, count: 256 << 10)

    /// Creates a reader that has seen nothing.
    init() {}

    /// Whether all that was given ends with the end of a member.
    var isComplete: Bool { !isOpen }

    /// Decompresses `input` and appends what it makes to `output`.
    ///
    /// - Throws: `Damage`; what was appended before it is right.
    func decompress(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(Damage) {
        var rest = input
        var isFull = false
        // A full piece may have left something to write, which only another attempt can tell.
        while !rest.isEmpty || (isOpen && isFull) {
            if !isOpen { inflater.reset() }
            let step = inflater.step(rest, &piece)
            if step.outcome == .failed { throw Damage() }
            isOpen = step.outcome == .running
            rest = rest.dropFirst(step.taken)
            output.append(contentsOf: piece[..<step.made])
            isFull = step.made == piece.count
        }
    }
}
