"""What machine this is, and its loads, memory, swap and disk."""

# ruff: noqa: PTH111, PTH115, B905

import os

from zeligui.sensor.reading import OWN_FIGURES, OWN_PROC, PROC, content, figures

MEMORY = (
    ("totalMemory", "MemTotal"),
    ("freeMemory", "MemAvailable"),
    ("totalSwap", "SwapTotal"),
    ("freeSwap", "SwapFree"),
)


def loads() -> "dict[str, float]":
    words = figures("loadavg").split()
    return {name: float(word) for name, word in zip(("load1", "load5", "load15"), words)}


def memory() -> "dict[str, float]":
    """In MB of 1e6 bytes; before Linux 3.14, which has no MemAvailable, the NWS formula."""
    lines = [line.replace(":", " ").split() for line in figures("meminfo").splitlines()]
    kib = {line[0]: int(line[1]) for line in lines if len(line) > 1 and line[1].isdigit()}
    if "MemAvailable" not in kib and "MemFree" in kib:
        kib["MemAvailable"] = kib["MemFree"] + kib.get("Buffers", 0) + kib.get("Cached", 0)
    return {name: round(kib[of] * 1024 / 1e6, 1) for name, of in MEMORY if of in kib}


def disk() -> "dict[str, float]":
    try:
        home = os.statvfs(os.path.expanduser("~"))
    except OSError:
        return {}
    sizes = (("totalDisk", home.f_blocks), ("freeDisk", home.f_bavail))
    return {name: round(blocks * home.f_frsize / 1e6, 1) for name, blocks in sizes}


def constant_values() -> "dict[str, object]":
    system = os.uname()
    release = distribution()
    found = {
        "hostName": os.environ.get("ZELIGRID_HOSTNAME") or full_name(system.nodename),
        "osName": system.sysname,
        "osDistribution": release.get("NAME", "").replace(" GNU/Linux", ""),
        "osRelease": release.get("VERSION_ID") or system.release,
        "arch": system.machine,
        "machines": 1,
    }
    found.update(processor())
    return {name: value for name, value in found.items() if value}


def full_name(name: str) -> str:
    """The node's name with its domain where /etc/hosts gives it one; a name server might take a minute to say no."""
    for line in content("/etc/hosts").splitlines():
        words = line.partition("#")[0].split()[1:]
        if name in words:
            full = [word for word in words if word.startswith(name + ".")]
            if full:
                return full[0]
    return name


def distribution() -> "dict[str, str]":
    lines = (content("/etc/os-release") or content("/usr/lib/os-release")).splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name: value.strip().strip("\"'") for name, _, value in pairs if value}


def processor() -> "dict[str, object]":
    """Model and clock: the highest the processor may take where it says so, not what it saves power at."""
    models, clocks = [], []
    for line in figures("cpuinfo").splitlines():
        name, _, value = line.partition(":")
        name = name.strip().lower()
        if name in ("model name", "cpu model", "cpu", "hardware"):
            models.append(value.strip())
        elif name in ("cpu mhz", "clock"):
            clocks.append(value.replace("MHz", "").strip())
    if not OWN_FIGURES or not content(OWN_PROC + "/cpuinfo"):
        khz = content("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq").strip()
        clocks.append(khz[:-3])
    mhz = [float(clock) for clock in clocks if clock.replace(".", "", 1).isdigit()]
    return {"cpuModel": models[0] if models else "", "cpuSpeed": round(max(mhz or [0.0]), 1)}


def identity() -> str:
    """Which machine this is: its boot and its pid namespace."""
    boot = figures("sys/kernel/random/boot_id").strip()
    try:
        space = os.readlink(PROC + "/self/ns/pid").strip("pid:[]")
    except OSError:
        space = ""
    return boot + ":" + space if boot else ""
