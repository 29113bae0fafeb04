#!/usr/bin/env python3
"""Runs typical queries on the event log, several times each, and the same with other tools
that read lines.

usage: measure.py BELLWETHER CONFIG DATA_FOLDER LINES_FILE LINES_GZ LINES
PEERS=no leaves the other tools out.
"""
import datetime, json, os, re, shutil, statistics, subprocess, sys, tempfile, time

binary, config, data, plain, packed, total = sys.argv[1:]
total = int(total)
folder = os.path.join(data, "log")
quick = 9
missing = []
peers = os.environ.get("PEERS") != "no"


def size(*suffixes):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)
               if name.endswith(suffixes))


def ours(*words, times):
    """Medians in ms, inside the process and of the whole process, and the output."""
    inside, whole = [], []
    for _ in range(times):
        begun = time.monotonic()
        done = subprocess.run([binary, "logs", "query", "--config", config, "--timing", *words],
                              capture_output=True, text=True, check=True)
        whole.append((time.monotonic() - begun) * 1e3)
        inside.append(float(re.search(r"took ([0-9.]+) ms", done.stderr)[1]))
    return statistics.median(inside), statistics.median(whole), done.stdout


def shell(script, needs):
    """The seconds that a pipeline takes; None if one of its tools is missing."""
    for tool in needs:
        if not shutil.which(tool):
            if tool not in missing:
                missing.append(tool)
            return None, ""
    begun = time.monotonic()
    done = subprocess.run(["bash", "-o", "pipefail", "-c", script], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{script}: {done.stderr[:500]}")
    return time.monotonic() - begun, done.stdout


INFLATE = r"""
import mmap, multiprocessing, sys, zlib
def work(path):
    with open(path, "rb") as file:
        bytes, total = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), 0
        at = 0
        while at < len(bytes):
            # BW in the extra field: bytes of the member.
            length = int.from_bytes(bytes[at + 16:at + 20], "little")
            total += len(zlib.decompress(bytes[at:at + length], 31, 1 << 19))
            at += length
        return total
with multiprocessing.Pool(2) as pool:
    print(sum(pool.imap_unordered(work, sys.argv[1:])))
"""


def inflate():
    """The seconds that zlib takes on two cores to decompress and check everything."""
    paths = sorted(os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".gz"))
    taken = []
    for _ in range(3):
        begun = time.monotonic()
        done = subprocess.run([sys.executable, "-c", INFLATE, *paths], capture_output=True,
                              text=True, check=True)
        taken.append(time.monotonic() - begun)
    return statistics.median(taken), int(done.stdout)


def line_at(part):
    with open(plain, "rb") as file:
        file.seek(int(os.path.getsize(plain) * part))
        file.readline()
        return file.readline()


# A part of the lines, for tools that would take many minutes; their times are scaled.
part = max(1, total // 400_000)
subset = os.path.join(os.path.dirname(plain), "subset.gz")
if peers:
    subprocess.run(f"head -n {total // part} {plain} | gzip -6 > {subset}", shell=True, check=True)

middle = json.loads(line_at(0.5))
begin = json.loads(line_at(0.25))["ts"]
end = (datetime.datetime.fromisoformat(begin.rstrip("Z")) + datetime.timedelta(hours=1)).isoformat(
    timespec="milliseconds") + "Z"
needle = middle["id"]
print(f"one hour: {begin} to {end}; id {needle}")

home = tempfile.mkdtemp()
os.makedirs(f"{home}/.config/lnav/formats/installed", exist_ok=True)
with open(f"{home}/.config/lnav/formats/installed/bw.json", "w") as file:
    text = {"kind": "string", "identifier": True}
    json.dump({"bw_log": {"title": "events", "file-type": "json", "json": True, "timestamp-field": "ts",
                          "level-field": "level", "body-field": "message",
                          "line-format": [{"field": "ts"}, " ", {"field": "message"}],
                          "value": {k: text for k in ("id", "ts", "event", "az", "rollout", "status", "message")}}}, file)


def lnav(sql):
    return f"HOME={home} lnav -n -N -c ';{sql}' {subset}"


QUESTIONS = [
    ("one hour, by rollout", ["--since", begin, "--until", end, "--count-by", "rollout"], 15, quick,
     f"""jq -r 'select(.ts >= "{begin}" and .ts < "{end}") | .rollout' | sort | uniq -c""",
     f"""mlr --ijsonl --ojsonl filter '$ts >= "{begin}" && $ts < "{end}"' then count-distinct -f rollout""",
     f"""SELECT rollout, count(*) FROM bw_log WHERE ts >= "{begin}" AND ts < "{end}" GROUP BY rollout""", None),
    ("all, by az", ["--count-by", "az"], 30, quick,
     "jq -r .az | sort | uniq -c", "mlr --ijsonl --ojsonl count-distinct -f az",
     "SELECT az, count(*) FROM bw_log GROUP BY az", None),
    ("one id", ["--where", f"id={needle}", "--json"], 15, quick,
     f"""jq -c 'select(.id == "{needle}")'""", f"""mlr --ijsonl --ojsonl filter '$id == "{needle}"'""",
     f"""SELECT ts FROM bw_log WHERE id = "{needle}" """, needle),
    ("number, all", ["--where", "deltas.canary.5xx_rate.value>0.04", "--count-by", "az"], "inflate", 3,
     """jq -r 'select(any(.deltas[]; .metric == "canary.5xx_rate" and .value > 0.04)) | .az' | sort | uniq -c""",
     None, None, None),
    ("rare number, all", ["--where", "deltas.canary.5xx_rate.value>0.0499", "--count-by", "az"], "inflate", 3,
     """jq -r 'select(any(.deltas[]; .metric == "canary.5xx_rate" and .value > 0.0499)) | .az' | sort | uniq -c""",
     None, None, None),
    ("substring, all", ["--where", "message~reset", "--count-by", "az"], "inflate", 3,
     """jq -r 'select(.message | contains("reset")) | .az' | sort | uniq -c""",
     """mlr --ijsonl --ojsonl filter '$message =~ "reset"' then count-distinct -f az""",
     """SELECT az, count(*) FROM bw_log WHERE message LIKE "%reset%" GROUP BY az""", "reset"),
]

archives, indexes, gz = size(".jsonl.gz"), size(".idx"), os.path.getsize(packed)
open_bytes = os.path.getsize(os.path.join(folder, "active.jsonl"))
print(f"{total} lines, {os.path.getsize(plain) / 1e9:.2f} GB; open segment {open_bytes >> 20} MiB")
sealed = 1 - open_bytes / os.path.getsize(plain)
beyond = (archives + indexes) / (gz * sealed) - 1
print(f"size: archives {archives / 1e6:.1f} MB, indexes {indexes / 1e6:.1f} MB, gzip -6 of the "
      f"same lines {gz * sealed / 1e6:.1f} MB: {beyond * 100:+.1f} % (target: at most 8 %)")

base, inflated = inflate()
print(f"zlib alone, two cores: {base:.2f} s for {inflated / 1e9:.2f} GB "
      f"({inflated / base / 1e6:.0f} MB/s)\n")
print(f"tools read 1/{part} of the lines where marked *, their times scaled by {part}")
row = "{:<22}{:>11}{:>11}{:>16}{:>12}{:>12}{:>11}{:>11}"
print(row.format("question", "inside ms", "process ms", "target", "zcat|jq s", "zgrep s", "lnav s*", "mlr s*"))
for name, words, target, times, jq, mlr, sql, grep in QUESTIONS:
    inside, whole, said = ours(*words, times=times)
    ratio = f"{inside / 1e3 / base:.2f}x of 1.3x" if target == "inflate" else f"{'<' if inside < target else 'NOT <'} {target} ms"
    cells = []
    for script, needs, scaled in (
        (jq and f"zcat {subset} | {jq}", ["zcat", "jq"], True),
        (grep and f"zgrep -c -e {grep} {packed}", ["zgrep"], False),
        (sql and lnav(sql), ["lnav"], True),
        (mlr and f"zcat {subset} | {mlr}", ["zcat", "mlr"], True),
    ):
        taken = shell(script, needs)[0] if script and peers else None
        cells.append("" if taken is None else f"{taken * (part if scaled else 1):.1f}{'*' if scaled else ''}")
    print(row.format(name, f"{inside:.1f}", f"{whole:.1f}", ratio, *cells), flush=True)
shutil.rmtree(home)
if missing:
    print("missing, left out: " + ", ".join(missing)
          + " (apt-get install jq lnav miller)", file=sys.stderr)
