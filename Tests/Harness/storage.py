"""The loads of stress.sh on a disk that is full, read-only, or fails to sync."""
import contextlib
import os
import resource
import shutil
import subprocess
import time

from loads import expect_fast, scrape_load, tail_load
from sidecar import Failure, Prometheus, SCHEMA, Sequence, Sidecar


@contextlib.contextmanager
def small_disk(place):
    """A file system of 256 KiB; nothing where mounting is not allowed."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none", place], capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", place], check=True)


def disk(options):
    """A disk that is full, read-only, or fails to sync: ingestion and scrapes go on, the last good state stays as it
    is, and the next good commit comes within an interval of the end of the trouble (P10)."""
    sidecar = Sidecar(options.binary, "", options.folder)
    log = sidecar.folder / "log.jsonl"
    log.touch()
    sidecar.write(f"commit_interval: 200ms\nexpose_values: [seq]\nsources:\n  - tail: {log}\n{SCHEMA}")
    sequence = Sequence("disk")
    prometheus = Prometheus(may_restart=True)
    failures = lambda e: e.sum("telltale_commit_failures_total")
    with small_disk(sidecar.state) as is_mounted:
        sidecar.start()
        sidecar.wait_ready()
        tail = tail_load(log, sequence, 2000)
        scrapes = scrape_load(sidecar, prometheus)

        def trouble(name, begin, end, reason):
            before, _ = sidecar.scrape()
            good = (sidecar.state / "state.bin").read_bytes()
            begin()
            failing = sidecar.wait_for(
                f"{name}: a failed commit", lambda e: e.sum("telltale_commit_failures_total", reason=reason)
                > before.sum("telltale_commit_failures_total", reason=reason))
            kept = [p for p in ("state.behind.bin", "state.bin") if (sidecar.state / p).exists()]
            newest = (sidecar.state / kept[0]).read_bytes() if kept else b""
            if len(newest) < len(good) // 2:
                raise Failure(f"{name}: the last good state is gone")
            frozen = sidecar.scrape()[0].sum("telltale_events_accepted_total")
            sidecar.wait_for(f"{name}: ingestion", lambda e: e.sum("telltale_events_accepted_total") > frozen + 100)
            if (sidecar.state / kept[0]).read_bytes() != newest:
                raise Failure(f"{name}: the last good state changed")
            stale = failing.values["telltale_commit_last_success_timestamp_seconds"]
            end()
            began = time.monotonic()
            sidecar.wait_for(
                f"{name}: recovery",
                lambda e: e.values["telltale_commit_last_success_timestamp_seconds"] > stale + 0.001, every=0.02)
            print(f"  {name}: {reason}, service unaffected, durable {time.monotonic() - began:.2f} s after its end")

        filler = sidecar.state / "filler"

        def fill():
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)

        def limit_files(size):
            resource.prlimit(sidecar.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        def remount(how):
            subprocess.run(["mount", "-o", f"remount,{how}", sidecar.state], check=True)

        if is_mounted:
            trouble("full disk", fill, filler.unlink, "disk_full")
            trouble("read-only disk", lambda: remount("ro"), lambda: remount("rw"), "permission")
        else:
            print("  full disk and read-only disk: left out, mounting is not allowed here")
        trouble(
            "short writes", lambda: limit_files(1024), lambda: limit_files(resource.RLIM_INFINITY), "input_output")
        # Killed while newer figures than the state's were shown: counters begin at zero, and none is a little lower.
        limit_files(1024)
        count = failures(sidecar.scrape()[0])
        sidecar.wait_for("a failed commit", lambda e: failures(e) > count)
        scrapes.end()
        sidecar.kill()
        sidecar.start()
        sidecar.wait_ready()
        scrapes = scrape_load(sidecar, prometheus)
        sidecar.wait_for("a new beginning", lambda e: e.sum("telltale_events_accepted_total") > 0)
        print("  killed meanwhile: counters began at zero")
        tail.end()
        time.sleep(1)
        scrapes.end()
        sidecar.stop()
    if shutil.which("strace"):
        fsync_fails(options, sidecar)
    expect_fast(prometheus, options.latency)


def fsync_fails(options, sidecar):
    """After a failed sync the next state is a new file, and what is loaded after a kill is whole."""
    log = sidecar.folder / "synced.jsonl"
    log.touch()
    sequence, prometheus = Sequence("synced"), Prometheus(may_restart=True)
    sidecar.write(f"commit_interval: 200ms\nexpose_values: [seq]\nsources:\n  - tail: {log}\n{SCHEMA}")
    sidecar.start(["strace", "-D", "-f", "--seccomp-bpf", "-o", os.devnull, "-e", "trace=fsync", "-e",
                   "inject=fsync:error=EIO:when=9+4"])
    sidecar.wait_ready()
    tail = tail_load(log, sequence, 1000)
    sidecar.wait_for(
        "failed commits", lambda e: e.sum("telltale_commit_failures_total", reason="input_output") >= 3, prometheus)
    tail.end()
    sidecar.kill()
    sidecar.start()
    sidecar.wait_ready()
    time.sleep(1)
    last, _ = sidecar.scrape()
    prometheus.take(last)
    if "damaged" in sidecar.tail(100_000):
        raise Failure("a damaged state was found")
    print("  fsync fails with EIO: counted, and the state that was loaded is whole")
    sidecar.stop()
