internal import Catalog

/// What this build is.
enum Build {
    /// Version of telltale.
    static let version = "0.1.0"

    /// Revision of the source, put in by the packager; empty in a plain build.
    static let revision = ""

    /// The compiler's version, as far as the language tells it.
    static var swiftVersion: String {
        #if swift(>=6.4)
            "6.4"
        #elseif swift(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    /// Labels of the build metric.
    static var status: BuildStatus {
        var status = BuildStatus()
        (status.version, status.revision, status.swiftVersion) = (version, revision, swiftVersion)
        return status
    }
}
