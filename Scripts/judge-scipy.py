#!/usr/bin/env python3
"""Test vectors for the judge, computed by scipy from seeded random inputs.

    pip install scipy
    Scripts/judge-scipy.py --count 5000 --seed 1 > /tmp/vectors.json
    bellwether replay --vectors /tmp/vectors.json

Prints a file in the format of Tests/AnalysisTests/Vectors/judge.json: primitives,
whole attempts and merge cases. Everything is computed from scipy's distributions
and from the rules as the file's `fields` describe them, never from the judge's
code. The same arguments give the same bytes.
"""
import argparse
import json
import math
import random
import statistics
import sys

from scipy import stats

GRID = [1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0]
EDGES = [25, 50, 100, 200, 300, 500, 1000, math.inf]


# Primitives


def cp_lower(x, n, alpha):
    return 0.0 if x == 0 else float(stats.beta.ppf(alpha, x, n - x + 1))


def cp_upper(x, n, alpha):
    return 1.0 if x == n else float(stats.beta.isf(alpha, x + 1, n - x))


def p_ratio(x1, n1, x0, n0, rho):
    return float(stats.binom.sf(x1 - 1, x1 + x0, rho * n1 / (rho * n1 + n0)))


def p_fisher(x1, n1, x0, n0):
    drawn = x1 + x0
    # Sums logarithms of single probabilities: scipy's tail is inexact for small values.
    terms = [stats.hypergeom.logpmf(k, n1 + n0, drawn, n1) for k in range(x1, min(n1, drawn) + 1)]
    return min(1.0, math.fsum(math.exp(t) for t in terms))


def n_certify(limit, alpha):
    return math.ceil(math.log(alpha) / math.log1p(-limit))


def at_least(level, n, q):
    """The smallest k with P(X <= k) >= level, with a tolerance for rounding."""
    return int(stats.binom.ppf(level * (1 - 1e-12), n, q))


def rank_lo(n, q, alpha):
    return at_least(alpha, n, q)


def rank_hi(n, q, alpha):
    return at_least(1 - alpha, n, q) + 1


def dispersion(windows):
    x, n = sum(w[0] for w in windows), sum(w[1] for w in windows)
    if len(windows) < 2 or x == 0:
        return 1.0
    p = x / n
    return max(1.0, sum((a - b * p) ** 2 / (b * p) for a, b in windows) / (len(windows) - 1))


def mixture(windows, rho, phi):
    """The logarithm of the mixture statistic M after each window."""
    sums, values = [0.0] * len(GRID), []
    for x1, n1, x0, n0 in windows:
        pi_0 = rho * n1 / (rho * n1 + n0)
        for k, g in enumerate(GRID):
            pi_k = rho * g * n1 / (rho * g * n1 + n0)
            sums[k] += x1 * math.log(pi_k / pi_0) + x0 * math.log((1 - pi_k) / (1 - pi_0))
        top = max(sums) / phi
        values.append(top + math.log(math.fsum(math.exp(s / phi - top) for s in sums) / len(GRID)))
    return values


def quantile(edges, cumulative, q):
    rank = q * cumulative[-1]
    i = next(i for i, c in enumerate(cumulative) if c >= rank)
    if math.isinf(edges[i]):
        return edges[i - 1]
    low, below = (edges[i - 1], cumulative[i - 1]) if i else (0, 0)
    return low + (edges[i] - low) * (rank - below) / (cumulative[i] - below)


# Rules


def evidence(windows, spec):
    """The logarithms of M and of its maximum after the last window, and whether that window
    raised M. Three clean windows in a row clear the evidence of a failed run: windows in which
    the canary is not worse than stable, though at its rate over the run so far two failures
    were to be expected."""
    start, clean, seen, before = 0, 0, [0, 0, 0, 0], 0
    for i, (x1, n1, x0, n0) in enumerate(windows):
        is_clean = seen[1] and seen[3] and x1 * n0 <= x0 * n1 and seen[0] / seen[1] * n1 >= 2
        clean = clean + 1 if is_clean else 0
        seen = [a + b for a, b in zip(seen, windows[i])]
        values = [0] + mixture(windows[start:i + 1], spec["rho_fail"], spec.get("phi", 1))
        before, last, peak = values[-2], values[-1], max(values)
        if clean >= 3 and math.exp(-peak) <= spec["alpha_fail"]:
            start, clean, seen, last, peak = i + 1, 0, [0, 0, 0, 0], 0, 0
    return last, peak, last > before


def compare(x1, n1, x0, n0, spec, earlier):
    last, peak, rising = evidence(earlier + [[x1, n1, x0, n0]], spec)
    p_window, p_run = p_ratio(x1, n1, x0, n0, spec["rho_warn"]), math.exp(-peak)
    e = math.exp(last) if last < 709 else math.inf
    reasons = []
    if x1 / n1 > x0 / n0 and x1 / n1 - x0 / n0 >= spec["min_delta"]:
        if p_run <= spec["alpha_fail"]:
            reasons = ["rel_fail_run" if rising else "rel_warn_run"]
        elif p_window <= spec["alpha_warn"]:
            reasons = ["rel_warn_window"]
    return {"p_window": p_window, "e": e, "p_run": p_run}, reasons


def settle(result, reasons, n, spec):
    failed = any("fail" in reason for reason in reasons)
    if not failed and n < spec["n_min"]:
        status, reasons = "nodata", reasons + ["insufficient"]
    else:
        status = "fail" if failed else "warn" if reasons else "pass"
    return result | {"n": n, "status": status, "reasons": reasons}


def absolute(value, lower, spec):
    if lower > spec["abs_fail"]:
        return ["abs_fail"]
    return ["abs_warn"] if value > spec["abs_warn"] else []


def counter(check):
    obs, spec = check["obs"], check["spec"]
    (x1, n1), (x0, n0) = obs["canary"], obs["stable"]
    alpha, value = spec["alpha_fail"], x1 / n1
    lower, upper = cp_lower(x1, n1, alpha), cp_upper(x1, n1, alpha)
    result, relative = compare(x1, n1, x0, n0, spec, check["earlier_windows"])
    reasons = absolute(value, lower, spec) + relative
    result |= {"value": value, "lower": lower, "upper": upper, "stable_value": x0 / n0,
               "ratio": ((x1 + 0.5) / (n1 + 1)) / ((x0 + 0.5) / (n0 + 1)),
               "certified": upper <= spec["abs_fail"], "previous": None}
    if obs["previous"]:
        q = statistics.median(obs["previous"])
        limit = max(q * (1 + spec["prev_warn"]), q + spec["min_delta"])
        result |= {"previous": q, "previous_limit": limit}
        if value > limit:
            reasons = reasons + ["prev_warn"]
    return settle(result, reasons, n1, spec)


def latency(check):
    obs, spec = check["obs"], check["spec"]
    edges, canary, stable = obs["edges"], obs["canary"], obs["stable"]
    n, q, alpha = canary[-1], spec["q"], spec["alpha_fail"]
    low, high = rank_lo(n, q, alpha), rank_hi(n, q, alpha)
    i = next(i for i, c in enumerate(canary) if c >= low) if low else 0
    lower = edges[i - 1] if i else 0
    upper = next((e for e, c in zip(edges, canary) if c >= high), math.inf)
    at = edges.index(spec["tau"])
    x1, x0 = n - canary[at], stable[-1] - stable[at]
    result, relative = compare(x1, n, x0, stable[-1], spec, check["earlier_windows"])
    value = quantile(edges, canary, q)
    result |= {"value": value, "rank_lo": low, "rank_hi": high, "lower": lower, "upper": upper,
               "exceed_canary": x1, "exceed_stable": x0, "stable_value": quantile(edges, stable, q)}
    return settle(result, absolute(value, lower, spec) + relative, n, spec)


def merge(checks, policy):
    order = ["healthy", "degraded", "unknown", "unhealthy"]
    lift = {"ignore": "healthy", "warn": "degraded", "unknown": "unknown"}
    status, total, failing, half, counted = "healthy", 0, 0, 0, False
    for c in checks:
        if c.get("advisory"):
            continue
        failed = c["status"] == "fail" or (c["status"] == "nodata" and c["nodata"] == "fail")
        if failed:
            up = "unhealthy" if c["critical"] else "degraded"
        else:
            up = {"pass": "healthy", "warn": "degraded"}.get(c["status"]) or lift[c["nodata"]]
        status = max(status, up, key=order.index)
        if c["status"] != "nodata" or failed:
            counted = True
            total += c["weight"]
            failing += c["weight"] * failed
            half += c["weight"] * {"pass": 2, "warn": 1}.get(c["status"], 0)
    if failing and failing * 100 >= policy["fail_share"] * total:
        status = "unhealthy"
    if not counted or not policy.get("comparable", True):
        status = max(status, "unknown", key=order.index)
    warnings = [{"id": c["id"], "status": c["status"], "reasons": c["reasons"],
                 "advisory": bool(c.get("advisory"))}
                for c in sorted(checks, key=lambda c: c["id"]) if c["status"] != "pass"]
    return {"status": status, "degraded": status != "healthy",
            "score": 50 * half / total if total else None,
            "fail_weight": failing, "total_weight": total, "warnings": warnings}


# Random inputs


def below(r, most):
    """A random whole number from 0 to `most`, small as often as large."""
    return min(most, int(math.exp(r.random() * math.log(most + 2))) - 1)


def window(r):
    n1, n0 = 1 + below(r, 20000), 1 + below(r, 200000)
    rate = 10 ** r.uniform(-4, -0.5)
    ratio = r.choice([0.5, 1, 1, 1.5, 3, 8])
    x1 = int(stats.binom.ppf(r.random(), n1, min(rate * ratio, 0.9)))
    return [x1, n1, int(stats.binom.ppf(r.random(), n0, rate)), n0]


def primitive(r):
    x1, n1, x0, n0 = window(r)
    alpha = r.choice([0.1, 0.05, 0.01, 0.001, 1e-6])
    q = r.choice([0.5, 0.9, 0.95, 0.99, 0.999])
    # Includes values far out in the tail against x0 of n0.
    far = min(n1, x1 * r.choice([1, 2, 5]))
    fn, *args = r.choice([
        ("cp_lower", x1, n1, alpha), ("cp_upper", x1, n1, alpha),
        ("p_ratio", far, n1, x0, n0, r.choice([1.0, 1.5, 3.0])),
        ("p_fisher", min(far, 3000), n1, x0, n0),
        ("n_certify", r.choice([0.1, 0.05, 0.01, 0.003, 1e-4]), alpha),
        ("rank_lo", n1, q, alpha), ("rank_hi", n1, q, alpha),
        ("dispersion", [[w[2], w[3]] for w in (window(r) for _ in range(r.randint(1, 12)))]),
    ])
    return {"fn": fn, "args": args, "expect": globals()[fn](*args)}


def tests(r):
    return {"rho_warn": 1.0, "rho_fail": 1.5, "alpha_warn": 0.05,
            "alpha_fail": r.choice([0.01, 0.05, 0.001]), "phi": r.choice([1, 1, 1.7, 4.2])}


def random_counter(r):
    x1, n1, x0, n0 = window(r)
    spec = {"abs_warn": 0.01, "abs_fail": 0.05, "min_delta": r.choice([0, 0.001, 0.01]),
            "n_min": r.choice([0, 50, 500]), "prev_warn": r.choice([0, 0.1, 1])} | tests(r)
    previous = [round(10 ** r.uniform(-4, -1), 6) for _ in range(r.randint(0, 3))]
    return {"kind": "counter", "spec": spec,
            "obs": {"canary": [x1, n1], "stable": [x0, n0], "previous": previous}}


def random_histogram(r):
    counts, middle, spread = [], r.uniform(2, 5), r.uniform(0.3, 2)
    n = 1 + below(r, 20000)
    for edge in EDGES:
        share = stats.norm.cdf((math.log(edge) - middle) / spread) if edge < math.inf else 1
        counts.append(round(n * share))
    return counts


def random_latency(r):
    spec = {"q": r.choice([0.5, 0.9, 0.99]), "abs_warn": 250, "abs_fail": 500, "tau": 200,
            "min_delta": 0.005, "n_min": r.choice([0, 100])} | tests(r)
    return {"kind": "latency", "spec": spec,
            "obs": {"edges": EDGES, "canary": random_histogram(r), "stable": random_histogram(r)}}


def attempt(r, index):
    checks, results = {}, {}
    policy = {"fail_share": r.choice([34, 50, 100]), "comparable": r.random() > 0.1}
    for k in range(r.randint(1, 3)):
        kind = r.choice([random_counter, random_latency])
        check = kind(r) | {
            "critical": r.random() < 0.3, "weight": r.randint(0, 5),
            "nodata": r.choice(["ignore", "warn", "unknown", "fail"]),
            "advisory": r.random() < 0.15,
            "earlier_windows": [window(r) for _ in range(r.choice([0, 0, 1, 5, 20]))]}
        name = f"canary.{check['kind']}_{k}"
        checks[name] = check
        results[name] = (counter if check["kind"] == "counter" else latency)(check)
    verdict = merge([{"id": name} | check | {key: results[name][key] for key in ("status", "reasons")}
                     for name, check in checks.items()], policy)
    return {"id": f"random_{index}", "input": {"checks": checks, "policy": policy},
            "expect": {"checks": results, "verdict": verdict}}


def infinities(value):
    """Writes infinities as text, because JSON has none."""
    if isinstance(value, dict):
        return {k: infinities(v) for k, v in value.items()}
    if isinstance(value, list):
        return [infinities(v) for v in value]
    return "inf" if isinstance(value, float) and math.isinf(value) else value


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--count", type=int, default=5000, help="number of primitives; a fifth as many attempts")
    a.add_argument("--seed", type=int, default=1)
    a = a.parse_args()
    r = random.Random(a.seed)
    document = {
        "about": f"scipy, {a.count} primitives, seed {a.seed}: see Scripts/judge-scipy.py",
        "primitives": [primitive(r) for _ in range(a.count)],
        "vectors": [attempt(r, i) for i in range(a.count // 5)],
    }
    json.dump(infinities(document), sys.stdout, separators=(",", ":"))
    print()


main()
