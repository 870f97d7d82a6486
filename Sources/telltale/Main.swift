internal import Daemon

/// The command line of `Daemon`.
@main struct Main {
    static func main() { Telltale.start() }
}
