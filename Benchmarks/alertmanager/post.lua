-- Bodies of LINES new events or alerts of 50 rollouts; each has a unique name.
local lines = tonumber(os.getenv("LINES_PER_BODY"))
local ours = os.getenv("PEER") == "bellwether"
local stamp = os.getenv("STAMP")
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init()
    n = 0
    wrk.method = "POST"
    if ours then
        wrk.headers["Content-Type"] = "application/x-ndjson"
        wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
    else
        wrk.headers["Content-Type"] = "application/json"
    end
end

function request()
    local out = {}
    for i = 1, lines do
        n = n + 1
        local id = stamp .. "-" .. number .. "-" .. n
        if ours then
            out[i] = '{"ts":"2026-11-23T06:00:00Z","id":"' .. id .. '","event":"analysis.unhealthy","level":"error","node":"gw-a","az":"a","namespace":"prod","rollout":"shop-' .. (n % 50) .. '","revision":"1","status":"unhealthy","attempt":' .. n .. '}'
        else
            out[i] = '{"labels":{"alertname":"CanaryUnhealthy","node":"gw-a","az":"a","namespace":"prod","rollout":"shop-' .. (n % 50) .. '","revision":"1","id":"' .. id .. '"},"annotations":{"summary":"attempt ' .. n .. '"}}'
        end
    end
    local body = ours and table.concat(out, "\n") .. "\n" or "[" .. table.concat(out, ",") .. "]"
    return wrk.format(nil, nil, nil, body)
end

function done(summary, latency)
    local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
    io.write(string.format("RESULT %.0f %.2f %d\n",
        summary.requests * lines / (summary.duration / 1e6), latency:percentile(50) / 1000, bad))
end
