internal import Glibc

/// Writes to a descriptor in full; gives up silently when nobody reads.
private func writeAll(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
        var done = 0
        while done < bytes.count {
            let count = unsafe write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count > 0 { done += count } else if count == 0 || errno != EINTR { return }
        }
    }
}

/// Results of commands.
enum StandardOutput {
    /// Writes text as it is.
    static func write(_ text: String) { writeAll(text, to: STDOUT_FILENO) }
}

/// Messages to the person at the terminal.
enum StandardError {
    /// Writes text as it is.
    static func write(_ text: String) { writeAll(text, to: STDERR_FILENO) }

    /// Whether it is a terminal, where a line may be overwritten.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
