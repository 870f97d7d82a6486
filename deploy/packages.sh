# Installs Debian packages that are missing. To be sourced.

# need PACKAGE[:COMMAND]… installs by apt-get what is neither installed nor, where a command is named, on the path.
need() {
    local missing=() entry package command
    for entry in "$@"; do
        package=${entry%%:*}
        command=${entry#"$package"}
        command=${command#:}
        [[ -n $command ]] && command -v "$command" >/dev/null && continue
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] && continue
        missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    if ! command -v apt-get >/dev/null; then
        echo "These packages are missing, and there is no apt-get to install them: ${missing[*]}" >&2
        return 1
    fi
    local root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || {
            echo "Run as root, or have sudo: these packages are missing: ${missing[*]}" >&2
            return 1
        }
        root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${root[@]}" apt-get -qq update
    # Without recommendations: they would bring and start a node exporter.
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" \
        </dev/null >/dev/null
    if [[ " ${missing[*]} " == *" prometheus"* && -d /run/systemd/system ]]; then
        echo "Debian has started prometheus and prometheus-alertmanager as services. Nothing here uses them:"
        echo "  systemctl disable --now prometheus prometheus-alertmanager"
    fi
}

# The compiler does not come from Debian.
need_swift() {
    command -v swift >/dev/null && return 0
    echo "Swift 6.2 or later is needed: https://www.swift.org/install/linux/" >&2
    return 1
}
