internal import Ingest

/// Reads what an entry of `sources` takes its input from: one key that says where, and those that go with it.
struct InputDecoder {
    /// The keys that say where, of which a source has one, and the keys that go with each.
    private static let options: [(key: String, options: [String])] = [
        ("tail", ["from", "drain", "exclude", "links_into", "open_files", "files"]), ("udp", ["receive_buffer"]),
        ("unix_datagram", ["receive_buffer", "mode"]),
        ("tcp", ["framing", "connections", "idle_timeout"]),
        ("unix_stream", ["framing", "connections", "idle_timeout", "mode"]),
        ("http", ["token_file"]),
    ]

    let section: ConfigSection
    /// Resolves a relative path of the file.
    let resolve: (String) -> String

    /// The input; `nil` after an error that leaves nothing to describe.
    func decode() -> SourceInput? {
        let all = Self.options
        let given = all.filter { section.node($0.key) != nil }
        guard let chosen = given.first else {
            let others = all.dropFirst().map(\.key).joined(separator: ", ")
            section.report("tail", "is required, or one of \(others): a source reads one of them")
            // What else it says is known all the same.
            for name in all.flatMap(\.options) { _ = section.node(name) }
            return nil
        }
        for other in given.dropFirst() {
            section.report(other.key, "must not stand beside \(chosen.key): a source reads one of them")
        }
        let input = input(chosen.key)
        for name in Set(all.flatMap(\.options)).subtracting(chosen.options).sorted() where section.node(name) != nil {
            section.report(name, "has no meaning for \(chosen.key)")
        }
        return given.count == 1 ? input : nil
    }

    private func input(_ key: String) -> SourceInput? {
        switch key {
        case "tail":
            return tail()
        case "udp":
            let address = address(key)
            let buffer = receiveBuffer()
            return address.map { .udp($0, receiveBuffer: buffer) }
        case "unix_datagram":
            let socket = socket(key)
            let buffer = receiveBuffer()
            return socket.map { .unixDatagram($0, receiveBuffer: buffer) }
        case "tcp":
            let address = address(key)
            let options = stream(framing: .lines)
            return address.map { .tcp($0, options) }
        case "unix_stream":
            let socket = socket(key)
            let options = stream(framing: .length)
            return socket.map { .unixStream($0, options) }
        case "http":
            let address = address(key)
            let token = section.filePath("token_file").map(resolve)
            return address.map { .http($0, tokenFile: token) }
        default: return nil
        }
    }

    private func tail() -> SourceInput? {
        var path = section.filePath("tail").map(resolvePattern)
        do throws(PathPatternError) {
            if let path { _ = try PathPattern(path) }
        } catch {
            section.report("tail", error.description)
            path = nil
        }
        var options = TailOptions()
        options.from = section.choice(
            "from", default: options.from, among: [("beginning", .beginning), ("end", .end)])
        options.drain = section.duration("drain", default: options.drain, in: ConfigLimits.drain)
        options.openFiles = section.integer("open_files", default: options.openFiles, in: ConfigLimits.openFiles)
        options.files = section.integer("files", default: options.files, in: ConfigLimits.files)
        options.linksInto = list("links_into").map(resolve)
        for text in list("exclude") {
            do throws(PathPatternError) {
                options.exclude.append(try PathPattern(text.utf8.contains(0x2F) ? resolvePattern(text) : text))
            } catch {
                section.report("exclude", error.description)
            }
        }
        return path.map { .tail(path: $0, options) }
    }

    /// A pattern relative to the file; the directory of the file is no pattern, whatever bytes are in it.
    private func resolvePattern(_ text: String) -> String {
        let path = resolve(text)
        guard path != text, path.hasSuffix(text) else { return path }
        return PathPattern.escaped(String(path.dropLast(text.count))) + text
    }

    private func list(_ key: String) -> [String] {
        guard let node = section.node(key) else { return [] }
        let items = section.reader.items(node, key: section.path(key))
        guard items.count <= ConfigLimits.tailPaths else {
            section.report(key, "must not have more than \(ConfigLimits.tailPaths) entries")
            return []
        }
        return items.enumerated().compactMap { place, item in
            section.reader.text(item, key: section.path("\(key)[\(place)]"))
        }
    }

    private func stream(framing: StreamFraming) -> StreamOptions {
        var options = StreamOptions(framing: framing)
        options.framing = section.choice(
            "framing", default: framing, among: StreamFraming.allCases.map { ($0.rawValue, $0) })
        options.connections = section.integer(
            "connections", default: options.connections, in: ConfigLimits.connections)
        options.idle = section.duration("idle_timeout", default: options.idle, in: ConfigLimits.idle)
        return options
    }

    private func address(_ key: String) -> Endpoint? {
        section.value(
            key, default: nil, rule: "must be ADDRESS:PORT, such as 127.0.0.1:8125 or [::1]:8125",
            { text in Endpoint(text).map { .some($0) } })
    }

    private func receiveBuffer() -> Int {
        section.byteCount(
            "receive_buffer", default: SourceConfiguration.receiveBuffer, in: ConfigLimits.receiveBuffer)
    }

    private func socket(_ key: String) -> UnixSocket? {
        let path = section.filePath(key)
        let mode = section.value(
            "mode", default: ListenAddress.defaultMode, rule: "must be permissions in octal, such as 0660 or 0666",
            UnixSocket.mode)
        guard let path else { return nil }
        let resolved = resolve(path)
        guard resolved.utf8.count <= UnixSocket.pathBytes else {
            section.report(key, "must be a path of at most \(UnixSocket.pathBytes) bytes, as all sockets have")
            return nil
        }
        return UnixSocket(path: resolved, mode: mode)
    }
}

/// How connections are treated.
struct StreamOptions: Equatable, Sendable {
    /// How their bytes are cut.
    var framing: StreamFraming
    /// Most at one time.
    var connections = IngestLimits.connections
    /// Nanoseconds without a byte after which one is closed; 0 for never.
    var idle = IngestLimits.connectionIdle
}

/// A Unix socket to take input on.
struct UnixSocket: Equatable, Sendable {
    /// Bytes of a path that the system allows.
    static let pathBytes = 107

    /// Path of its file.
    var path: String
    /// Permissions of its file.
    var mode = ListenAddress.defaultMode

    /// Permissions from three or four octal digits; `nil` for anything else, and for ones beyond 0777.
    static func mode(_ text: String) -> UInt32? {
        guard (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8), mode <= 0o777 else { return nil }
        return mode
    }
}
