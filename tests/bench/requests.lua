-- Plays the requests of a file (BENCH_REQUESTS: lines "METHOD<tab>PATH<tab>BODY") from a random place on, again
-- and again. "@N@" in a body becomes a number used once. Prints one JSON line in the end.
local requests, headers = {}, {}
local thread_count = 0

for line in io.lines(os.getenv("BENCH_REQUESTS")) do
  local method, path, body = line:match("^(%S+)\t(%S+)\t?(.*)$")
  requests[#requests + 1] = {method, path, body}
end
headers["Cookie"] = os.getenv("BENCH_COOKIE")
headers["X-CSRF-Token"] = os.getenv("BENCH_CSRF")
if os.getenv("BENCH_AUTHORIZATION") ~= "" then headers["Authorization"] = os.getenv("BENCH_AUTHORIZATION") end
headers["Accept-Language"] = "en"
headers["Content-Type"] = "application/json"

function setup(thread)
  thread:set("thread_number", thread_count)
  thread_count = thread_count + 1
end

function init()
  math.randomseed(os.time() * 7919 + thread_number)
  at = math.random(#requests)
  unique = (tonumber(os.getenv("BENCH_UNIQUE") or "0") + thread_number) * 1000000
  plain = {}
  for i, r in ipairs(requests) do
    if not r[3]:find("@N@", 1, true) then
      plain[i] = wrk.format(r[1], r[2], headers, r[3] ~= "" and r[3] or nil)
    end
  end
  refused = 0
end

function request()
  at = at % #requests + 1
  if plain[at] then return plain[at] end
  local r = requests[at]
  unique = unique + 1
  return wrk.format(r[1], r[2], headers, (r[3]:gsub("@N@", string.format("%08d", unique % 100000000))))
end

function done(summary, latency)
  io.write(string.format(
    '\n{"requests":%d,"us":%d,"bytes":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(90),
    latency:percentile(99), latency.max, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
