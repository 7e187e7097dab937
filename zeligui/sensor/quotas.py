"""How many processors the control groups above this process let it use, and how often they stop it."""

from zeligui.sensor.reading import PROC, content

QUOTA_PERIOD_S = 0.1  # the usual one
GROUPS = "/sys/fs/cgroup"


class Quota:
    """The smallest quota of processors of the control groups above this process, of either version; 0 for none."""

    def __init__(self) -> None:
        self.processors, self._folder = min(map(quota_of, group_folders()), default=(0.0, ""))
        self.throttled = 0.0
        self._seen = (-1.0, 0.0)

    def look(self, now: float) -> None:
        """Find out in what part of the periods since the last look the group was stopped."""
        if not self._folder:
            return
        self.processors = quota_of(self._folder)[0]
        count = fields_of(content(self._folder + "/cpu.stat")).get("nr_throttled", 0.0)
        before, last = self._seen
        self._seen = now, count
        if before >= 0 and now > before:
            self.throttled = min(1.0, (count - last) * QUOTA_PERIOD_S / (now - before))


def group_folders() -> "list[str]":
    """The folders of this process's control groups that have a quota, and of those above them."""
    found = []
    for line in content(PROC + "/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = GROUPS + ("/cpu" if controllers else "")
        while True:
            found.append(root + path.rstrip("/"))
            if path in ("", "/"):
                break
            path = path.rpartition("/")[0]
    return [folder for folder in found if quota_of(folder)[1]]


def quota_of(folder: str) -> "tuple[float, str]":
    """How many processors a control group may use, and its folder; the folder is empty where it may use all."""
    words = content(folder + "/cpu.max").split()
    if not words:
        words = [content(folder + "/cpu.cfs_quota_us").strip(), content(folder + "/cpu.cfs_period_us").strip()]
    if len(words) == 2 and words[0].isdigit() and words[1].isdigit() and int(words[1]):
        return int(words[0]) / int(words[1]), folder
    return 0.0, ""


def fields_of(text: str) -> "dict[str, float]":
    """The numbers of lines `name number`."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
