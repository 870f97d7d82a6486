internal import Glibc

/// A failed system call: what was attempted, on what, and the reason.
struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was attempted, such as `open`.
    var action: String
    /// On what.
    var path: String
    /// The error number.
    var code: Int32

    /// The error of the call that just failed.
    static func current(_ action: String, _ path: String) -> SystemError {
        SystemError(action: action, path: path, code: errno)
    }

    /// `cannot write /var/lib/telltale: No space left on device`.
    var description: String { "cannot \(action) \(path): \(Self.text(code))" }

    /// The system's words for an error number.
    static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
