internal import Events
internal import FoundationEssentials
internal import Monitor

/// Why a reference file cannot be used: the end of the sentence "FILE …".
struct ReferenceFileError: Error, Equatable, CustomStringConvertible {
    /// A statement that names the file.
    var description: String

    /// A statement about a file.
    init(_ path: String, _ rule: String) { description = "\(path): \(rule)" }
}

/// A reference as a readable, versioned JSON file.
enum ReferenceFile {
    /// Version of the format, the value of its first key: 2 has `effective_events`, 3 has `hour_of_week`.
    static let formatVersion = 3
    /// Versions that can be read.
    static let readableVersions = 1...formatVersion
    /// Most bytes of a file.
    static let maximumBytes = 16 << 20
    /// Most bins or categories of a signal.
    static let maximumCells = 1_024
    /// Most signals.
    static let maximumSignals = 4_096

    /// Reads and checks a reference.
    ///
    /// - Throws: `ReferenceFileError`, one clear sentence: unreadable, no reference, another version, inconsistent, or
    ///   changed since it was built (its content does not match its hash).
    static func load(path: String) throws(ReferenceFileError) -> Reference {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileBytes.read(path: path, limit: maximumBytes)
        } catch {
            throw ReferenceFileError(path, SystemError.text(error.code))
        }
        return try decode(bytes, path: path)
    }

    /// Decodes and checks a reference; `path` is for errors.
    static func decode(_ bytes: [UInt8], path: String) throws(ReferenceFileError) -> Reference {
        let decoder = JSONDecoder()
        guard let header = try? decoder.decode(ReferenceHeader.self, from: Data(bytes)) else {
            throw ReferenceFileError(path, "is no reference (a JSON object with \"telltale_reference\" is expected)")
        }
        guard readableVersions.contains(header.telltale_reference) else {
            throw ReferenceFileError(
                path,
                "has format version \(header.telltale_reference); this telltale reads versions 1 to \(formatVersion)")
        }
        let document: ReferenceDocument
        do {
            document = try decoder.decode(ReferenceDocument.self, from: Data(bytes))
        } catch {
            throw ReferenceFileError(path, explain(error))
        }
        do throws(ReferenceRule) {
            let reference = try document.reference()
            let found = Reference.contentHash(
                events: reference.events, utcOffset: reference.utcOffset, signals: reference.signals)
            guard found == document.hash else {
                throw ReferenceRule(
                    "was changed after it was built: its hash is \(document.hash), its content has \(found)")
            }
            return reference
        } catch {
            throw ReferenceFileError(path, error.description)
        }
    }

    /// The file's bytes: pretty, sorted keys, one newline at the end.
    static func encode(_ reference: Reference) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(ReferenceDocument(reference))) + [UInt8(ascii: "\n")]
    }

    /// A decoding error as a statement with the key's path.
    private static func explain(_ error: any Error) -> String {
        func text(_ path: [any CodingKey]) -> String {
            path.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined().drop { $0 == "." }
                .description
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            let place = text(context.codingPath)
            return place.isEmpty ? "lacks \(key.stringValue)" : "lacks \(key.stringValue) in \(place)"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            return "has a value of the wrong type at \(text(context.codingPath))"
        default:
            return "is not valid JSON"
        }
    }
}

/// A rule that the content of a reference breaks.
struct ReferenceRule: Error, CustomStringConvertible {
    /// The statement, to follow the file's name.
    var description: String

    init(_ description: String) { self.description = description }
}
