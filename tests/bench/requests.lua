-- Plays the requests of a file (BENCH_REQUESTS: lines "METHOD<tab>PATH<tab>BODY") from a random place on, again
-- and again. "@N@" in a body becomes a number of ten digits that no run has used, also on a base that is kept: it
-- follows the clock (BENCH_UNIQUE), 7,000 a second. What is refused of such requests is counted by status and code, since
-- they can't be asked once more. Prints one JSON line in the end.
local requests, headers = {}, {}
local thread_count = 0
local threads = {}

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
  threads[#threads + 1] = thread
  thread_count = thread_count + 1
end

function init()
  math.randomseed(os.time() * 7919 + thread_number)
  at = math.random(#requests)
  unique = tonumber(os.getenv("BENCH_UNIQUE") or "0") + thread_number
  plain = {}
  why = {}
  for i, r in ipairs(requests) do
    if r[3]:find("@N@", 1, true) then
      response = count
    else
      plain[i] = wrk.format(r[1], r[2], headers, r[3] ~= "" and r[3] or nil)
    end
  end
end

function request()
  at = at % #requests + 1
  if plain[at] then return plain[at] end
  local r = requests[at]
  unique = unique + 2
  return wrk.format(r[1], r[2], headers, (r[3]:gsub("@N@", string.format("%d", 3000000000 + unique % 7000000000))))
end

function count(status, _, body)
  if status < 400 then return end
  local key = status .. " " .. (body:match('"code": ?"([%w_]+)"') or "")
  why[key] = (why[key] or 0) + 1
end

local function reasons()
  local sum, text = {}, {}
  for _, thread in ipairs(threads) do
    for key, n in pairs(thread:get("why")) do sum[key] = (sum[key] or 0) + n end
  end
  for key, n in pairs(sum) do text[#text + 1] = string.format('"%s":%d', key, n) end
  return table.concat(text, ",")
end

function done(summary, latency)
  io.write(string.format(
    '\n{"requests":%d,"us":%d,"bytes":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d,"refused":%d,"broken":%d,"why":{%s}}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(90),
    latency:percentile(99), latency.max, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, reasons()))
end
