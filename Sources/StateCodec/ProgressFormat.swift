import Events
import Monitor

// How far the sources have been read: the first part of the body, laid out so that versions before and after can read
// it. The part begins with its length, and so does each entry: a later version may add to the end of either, and an
// earlier one passes over what it does not know. Nothing in front of that may ever change.

extension StateWriter {
    /// What a start needs in order to read no line twice, whatever has become of the rest.
    mutating func progress(_ state: MonitorState) {
        sized { part in
            part.count(state.generation)
            part.signed(state.arrivalTime)
            part.list(state.sources) { part, source in
                part.text(source.name)
                part.list(source.positions) { part, position in part.sized { $0.position(position) } }
            }
        }
    }

    /// A stretch of bytes behind its length.
    private mutating func sized(_ write: (inout StateWriter) -> Void) {
        var part = StateWriter(capacity: 128)
        write(&part)
        count(part.bytes.count)
        append(part.bytes)
    }

    private mutating func position(_ position: FilePosition) {
        long(position.identity.device)
        long(position.identity.inode)
        signed(position.identity.birth)
        text(position.path)
        count(position.offset)
        count(position.size)
        count(UInt64(position.headLength))
        long(position.headHash)
        count(UInt64(position.tailLength))
        long(position.tailHash)
        flag(position.isRotated)
        flag(position.isPacked)
    }
}

extension StateReader {
    /// A state of which only the progress is known.
    mutating func progress() throws(StateError) -> MonitorState {
        var part = try sized()
        let generation = try part.count()
        let arrivalTime = try part.signed()
        let sources = try part.list("sources") { (part) throws(StateError) in
            let name = try part.text()
            let positions = try part.list("file positions", size: 16) { (part) throws(StateError) in
                var entry = try part.sized()
                return try entry.position()
            }
            guard positions.count <= MonitorState.positionLimit else { throw .malformed("too many file positions") }
            return SourceState(name: name, positions: positions)
        }
        return MonitorState(
            generation: generation, taken: Instant(wall: 0, monotonic: 0), arrivalTime: arrivalTime, windows: [],
            sources: sources, models: [], overflows: [])
    }

    /// A stretch of bytes behind its length.
    private mutating func sized() throws(StateError) -> StateReader {
        let length = try count(upTo: left, "bytes of a part")
        return StateReader(try take(length))
    }

    private mutating func position() throws(StateError) -> FilePosition {
        let identity = FileIdentity(device: try long(), inode: try long(), birth: try signed())
        let path = try text()
        let offset = try count()
        let size = try count()
        let headLength = try length()
        let headHash = try long()
        let tailLength = try length()
        let tailHash = try long()
        return FilePosition(
            identity: identity, path: path, offset: offset, size: size, headLength: headLength, headHash: headHash,
            tailLength: tailLength, tailHash: tailHash, isRotated: try flag(), isPacked: try flag())
    }

    private mutating func length() throws(StateError) -> UInt32 {
        try valid(UInt32(exactly: try count()), "length")
    }
}
