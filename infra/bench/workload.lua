-- The requests of one workload, for wrk. BENCH_WORKLOAD names it; BENCH_HEADERS (who asks, a header per line; empty, where
-- the path says it), BENCH_JOBS (how many there are) and BENCH_RUN (a number that no other run has) fill them in. Requests are
-- put together as text: wrk.format would take more of the processor than the service does.

local JOB = "/api/v1/jobs/01900000-0000-7000-8000-%012d"
local SECRET = "00000000-0000-4000-8000-%012d" -- of the capture token of the job with this number
local FIRST_JOB = 100000000001
local jobs = tonumber(os.getenv("BENCH_JOBS"))
local run = os.getenv("BENCH_RUN")
local random, format = math.random, string.format

local days = {}
for day = 0, 364 do days[day] = os.date("!%Y-%m-%d", 1767225600 + day * 86400) end -- from 2026-01-01

local head, written, thread_number -- set by init, once per thread

local function random_job() return format(JOB, FIRST_JOB + random(0, jobs - 1)) end
local function hot_job() return format(JOB, FIRST_JOB) end

local function get(path) return "GET " .. path .. " HTTP/1.1\r\n" .. head .. "\r\n" end

local function post(path, body, key)
    return "POST " .. path .. " HTTP/1.1\r\n" .. head .. (key and "Idempotency-Key: " .. key .. "\r\n" or "")
        .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

local function entry(related_job)
    return '{' .. related_job .. '"minutes_worked":30,"date_stamp":"' .. days[random(0, 364)]
        .. '","work_summary":"reviewed the quarterly figures"}'
end

local function read_job() return get(random_job()) end
local function first_page(job) return get(job .. "/time-entries?limit=50") end
local function log_time(job, key) return post(job .. "/time-entries", entry(""), key) end

local function ping(says) return get("/ping/" .. format(SECRET, FIRST_JOB + random(0, jobs - 1)) .. says) end

local function batch()
    local items, start = {}, random(0, jobs - 1)
    for i = 0, 99 do
        local job = FIRST_JOB + (start + i * 7) % jobs
        items[i + 1] = entry(format('"related_job":"01900000-0000-7000-8000-%012d",', job))
    end
    return post("/api/v1/time-entries/batch", '{"mode":"atomic","items":[' .. table.concat(items, ",") .. "]}")
end

local function fresh_key()
    written = written + 1
    return run .. "-" .. thread_number .. "-" .. written
end

local workloads = {
    W1 = read_job,
    W2 = function() return first_page(random_job()) end,
    W2H = function() return first_page(hot_job()) end,
    W3 = function() return log_time(random_job()) end,
    W4 = function() return log_time(hot_job()) end,
    W5 = function()
        local draw = random()
        if draw < 0.8 then return read_job() end
        if draw < 0.9 then return first_page(random_job()) end
        return log_time(random_job())
    end,
    W6 = batch,
    W7 = function() return log_time(random_job(), fresh_key()) end,
    P1 = function() return ping("") end,
    P2 = function() return ping("?minutes=30&summary=reviewed%20the%20quarterly%20figures") end,
}

local threads = 0
function setup(thread)
    threads = threads + 1
    thread:set("thread_number_from_setup", threads)
end

function init()
    thread_number, written = thread_number_from_setup, 0
    math.randomseed(tonumber(run) % 1000000007 + thread_number)
    head = "Host: " .. wrk.host .. ":" .. wrk.port .. "\r\n"
    for header in os.getenv("BENCH_HEADERS"):gmatch("[^\n]+") do head = head .. header .. "\r\n" end
end

request = workloads[os.getenv("BENCH_WORKLOAD")]

function done(summary, latency)
    local errors = summary.errors
    io.write(format(
        'BENCH {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
