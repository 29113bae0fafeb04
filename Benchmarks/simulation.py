#!/usr/bin/env python3
"""Measures how often the judge aborts good rollouts, and how often it finds bad ones.

Simulated rollouts (seeded) are written as recorded measurements and judged by
`bellwether replay`. For comparison, on the same counts: a p-value per window, and
Mann-Whitney over the windows so far, both at the same level of 1 %.

The column `true ratio known` tests after every window, like the judge, but with the
likelihood ratio of the true rate ratio 3 against 1.5 (Wald's test), where the judge
averages over eight alternatives. The difference is the cost of not knowing the ratio.

The last column is the oracle: one test at the end of the run, with all its counts,
by the exact conditional test of the judge's null hypothesis (rate ratio 1.5) at the
same level. It is uniformly most powerful among the unbiased tests of that
hypothesis. Its distance to the judge is the cost of testing after every window; its
distance to 100 % is not in the data.

The second table is about canaries that recover: they fail ten times as often as stable in
two windows, and equally often in all others. It shows how many rollouts the judge finds
unhealthy at all, and how many it still finds so from the fourth window after the spike on,
where an old spike should decide nothing.

`--before` judges the same counts by another executable, too, such as one of the commit
before a change of the judge: a column beside ours.

    Benchmarks/simulation.py [--rollouts N] [--bellwether PATH] [--before PATH] [--seed N]

Needs numpy and scipy. Exits with 1 if the judge aborts more than 1 % of good rollouts,
or finds less than 80 % of those that fail three times as often as stable (where stable
fails 2 % or more).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
from scipy import stats

LOOKS, CANARY, STABLE, ALPHA, NULL = 20, 100, 900, 0.01, 1.5
# The first of the two bad windows of a canary that recovers.
SPIKE = 5
CONFIG = """
analysis:
  probes: [{name: canary, kind: prometheus, url: "http://127.0.0.1:9102/metrics"}]
  checks: [{id: canary.5xx_rate, fail: 1, critical: true}]
  concerns: {}
"""


def simulate(rng, rate, ratio, rollouts):
    """The failing requests of every rollout and window, of canary and stable."""
    shape = (rollouts, LOOKS)
    return rng.binomial(CANARY, min(rate * ratio, 1), shape), rng.binomial(STABLE, rate, shape)


def event(rollout, window, x1, x0):
    start = 1_766_000_000_000 + window * 30_000
    return {
        "v": 1, "id": f"{rollout}-{window}", "ts": "2026-11-23T06:00:00.000Z", "level": "info",
        "event": "analysis.healthy", "node": "sim", "namespace": "sim", "rollout": f"r{rollout}",
        "concern": "all", "attempt": window + 1, "status": "healthy", "policy": "p", "binary": "b",
        "series": f"{rollout:016x}", "run": 1,
        "inputs": {"start": start, "end": start + 30_000, "signals": {
            "canary.5xx_rate": [x1 / CANARY, [x1, CANARY]],
            "stable.5xx_rate": [x0 / STABLE, [x0, STABLE]]}},
        "document": {"attempt": {"source": "counted"}},
    }


def unhealthy(path, canary, stable):
    """For each rollout, the attempts (from 1) that the judge finds unhealthy."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "sim.yaml").write_text(CONFIG)
        with open(folder / "events.jsonl", "w") as out:
            for rollout, (xs1, xs0) in enumerate(zip(canary.tolist(), stable.tolist())):
                for window, (x1, x0) in enumerate(zip(xs1, xs0)):
                    out.write(json.dumps(event(rollout, window, x1, x0)) + "\n")
        run = subprocess.run(
            [path, "replay", str(folder / "events.jsonl"), "--config", str(folder / "sim.yaml"),
             "--json"], capture_output=True, text=True)
        if run.returncode not in (0, 1):
            sys.exit(run.stderr)
        judged = f"{canary.size} judged again"
        if judged not in run.stderr:
            sys.exit(f"not every measurement was judged: {run.stderr}")
        found = {}
        for change in map(json.loads, run.stdout.splitlines()):
            if change["now"] == "unhealthy":
                found.setdefault(change["rollout"], []).append(change["attempt"])
        return found


def by_bellwether(path, canary, stable):
    """The share of rollouts that the judge would abort."""
    return len(unhealthy(path, canary, stable)) / len(canary)


def recover(rng, rate, rollouts):
    """Counts of canaries that fail as stable does, but for two windows at ten times the rate."""
    rates = numpy.full(LOOKS, rate)
    rates[SPIKE:SPIKE + 2] = min(10 * rate, 1)
    shape = (rollouts, LOOKS)
    return rng.binomial(CANARY, rates, shape), rng.binomial(STABLE, rate, shape)


def recovered(rng, paths, rollouts):
    """Prints the table of canaries that recover."""
    # Attempts count from 1; three clean windows clear the evidence.
    late = SPIKE + 2 + 3
    print(f"\n{'stable fails':>13}" + "".join(
        f" {name + ': ever':>18} {name + ': late':>18}" for name in paths))
    for rate in (0.005, 0.01, 0.02, 0.05):
        canary, stable = recover(rng, rate, rollouts)
        row = f"{rate:>13.1%}"
        for path in paths.values():
            found = unhealthy(path, canary, stable)
            still = sum(any(attempt > late for attempt in found[name]) for name in found)
            row += f" {len(found) / rollouts:>18.2%} {still / rollouts:>18.2%}"
        print(row, flush=True)


def by_window(canary, stable):
    """The share of rollouts with a window whose exact conditional test is below the level."""
    p = stats.binom.sf(canary - 1, canary + stable, CANARY / (CANARY + STABLE))
    return (p <= ALPHA).any(axis=1).mean()


def by_mann_whitney(canary, stable):
    """The share of rollouts whose rates so far differ after any window from the fifth on."""
    aborted = 0
    for xs1, xs0 in zip(canary / CANARY, stable / STABLE):
        for looks in range(5, LOOKS + 1):
            if stats.mannwhitneyu(xs1[:looks], xs0[:looks], alternative="greater").pvalue <= ALPHA:
                aborted += 1
                break
    return aborted / len(canary)


def by_known_ratio(canary, stable, ratio=3):
    """The share of rollouts that reach a likelihood ratio of 1/level for this rate ratio."""
    shrink = numpy.log((NULL * CANARY + STABLE) / (ratio * CANARY + STABLE))
    steps = canary * (numpy.log(ratio / NULL) + shrink) + stable * shrink
    return (steps.cumsum(axis=1) >= -numpy.log(ALPHA)).any(axis=1).mean()


def by_oracle(canary, stable):
    """The share of rollouts whose total counts differ from the null ratio, tested once."""
    x1, x0 = canary.sum(axis=1), stable.sum(axis=1)
    share = NULL * CANARY / (NULL * CANARY + STABLE)
    return (stats.binom.sf(x1 - 1, x1 + x0, share) <= ALPHA).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollouts", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    root = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("--bellwether", default=str(root / ".build/release/bellwether"))
    parser.add_argument("--before", help="an older executable, judged on the same counts")
    given = parser.parse_args()
    paths = {"bellwether": given.bellwether}
    if given.before:
        paths["before"] = given.before
    rng = numpy.random.default_rng(given.seed)
    good = True
    print(f"{given.rollouts} rollouts a row, {LOOKS} looks, {CANARY} canary and {STABLE} stable "
          f"requests a window, level {ALPHA:.0%}, seed {given.seed}")
    print(f"{'stable fails':>13} {'true ratio':>11} {'bellwether':>11} {'p per window':>13} "
          f"{'Mann-Whitney':>13} {'true ratio known':>17} {'oracle':>8}"
          + (f" {'before':>8}" if given.before else ""))
    for rate in (0.005, 0.01, 0.02, 0.05):
        for ratio in (1, 3):
            canary, stable = simulate(rng, rate, ratio, given.rollouts)
            ours = by_bellwether(given.bellwether, canary, stable)
            print(f"{rate:>13.1%} {ratio:>11} {ours:>11.2%} {by_window(canary, stable):>13.2%} "
                  f"{by_mann_whitney(canary, stable):>13.2%} {by_known_ratio(canary, stable):>17.2%} "
                  f"{by_oracle(canary, stable):>8.2%}"
                  + (f" {by_bellwether(given.before, canary, stable):>8.2%}" if given.before else ""),
                  flush=True)
            good &= ours <= 0.01 if ratio == 1 else ours >= 0.8 or rate < 0.02
    print("at equal rates at most 1 % are aborted, at ratio 3 (stable failing 2 % or more) at least "
          "80 % are: " + ("yes" if good else "NO"))
    recovered(rng, paths, given.rollouts)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
