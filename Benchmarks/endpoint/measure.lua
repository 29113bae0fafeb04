-- wrk: the measurement of one series, as Argo's web provider sends it.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["User-Agent"] = "Go-http-client/1.1"
wrk.headers["Authorization"] = "Bearer " .. io.open(os.getenv("BENCH_TOKEN")):read("*l")
wrk.body = [[{"rollout":"payments-api","namespace":"prod","uid":"5f0c6a1e-0d3b-4c1f-9f57-2f6f0b9d1c11","revision":"17","canaryHash":"867588b79c","step":"3","metric":"verdict"}]]

done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("RESULT %.0f %.3f %.3f %d\n",
        summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
