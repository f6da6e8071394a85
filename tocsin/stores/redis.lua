-- Fingerprints in Redis, each call one atomic step. All keys begin with KEYS[1], a hash tag, so that a cluster keeps them
-- on one node.
--
--   <tag>:state        hash: epoch; number of the last text; buckets and postings; today, and the first number in the window
--   <tag>:days         hash: day -> its first number, for the days of the window
--   <tag>:b:<n>        hash, a bucket: mark -> numbers of the texts that have it, four bytes each, in their order
--   <tag>:d:<number>   the text: its own story, 16 bytes, and its packed sketch
--   <tag>:r:<story>    the story that stands for a joined one
--
-- A mark is a fingerprint (four bytes), or a letter and eight bytes: a(ddress), t(ext), s(tory).
-- Buckets grow by linear hashing (Litwin 1980): one is split at a time, so that none ever holds much more than LOAD marks
-- and all stay in their compact form, whether there are a thousand texts or ten million. With each text one bucket is
-- swept: marks of texts before the window go.

local LOAD = 48
local MOST = 16             -- texts of a fingerprint: more would not fit the compact form, which ends at 64 bytes
local MOST_VERSIONS = 256   -- texts of an address
local tag, command = KEYS[1], ARGV[1]
local state, buckets_at = tag .. ':state', tag .. ':b:'
local call, number_in, number_out = redis.call, struct.unpack, struct.pack

local found = call('HMGET', state, 'epoch', 'buckets', 'postings', 'today', 'first')
local buckets, postings = tonumber(found[2]) or 1, tonumber(found[3]) or 0
local today, first = tonumber(found[4]) or 0, tonumber(found[5]) or 0
local level = 1
while level * 2 <= buckets do level = level * 2 end

local function place(mark)
  local hash = number_in('<I4', mark, #mark > 4 and 2 or 1)
  local at = hash % (level * 2)
  return at < buckets and at or hash % level
end

local function numbers(mark)
  return call('HGET', buckets_at .. place(mark), mark) or ''
end

local function story_mark(story)
  return 's' .. (story .. string.rep('\0', 8)):sub(1, 8)
end

local function number_of(story)
  local its = numbers(story_mark(story))
  return #its > 0 and number_in('<I4', its) or nil
end

local function root(story)
  local other = call('GET', tag .. ':r:' .. story)
  while other do
    story = other
    other = call('GET', tag .. ':r:' .. story)
  end
  return story
end

if command == 'root' then
  return root(ARGV[2])
end

if command == 'join' then
  local one, two, seconds = root(ARGV[2]), root(ARGV[3]), ARGV[4]
  if one == two then return one end
  -- A story that is not known any more is older than all that are.
  local its, other = number_of(one) or 0, number_of(two) or 0
  if other < its or (other == its and two < one) then one, two = two, one end
  call('SET', tag .. ':r:' .. two, one, 'EX', seconds)
  return one
end

-- meet
local own, address, text, sketch = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local day, window, limit, rebuilding = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1'
local prints, alternates, once = ARGV[10], ARGV[11], tonumber(ARGV[12])

if not found[1] and not rebuilding then
  return redis.error_reply('FINGERPRINTSMISSING rebuild them')
end

local known = number_of(own)
local number = known or tonumber(call('HINCRBY', state, 'number', 1))

local function begin_day()
  call('HSETNX', tag .. ':days', day, number)
  local days = call('HGETALL', tag .. ':days')
  first = number
  for at = 1, #days, 2 do
    if tonumber(days[at]) <= day - window then
      call('HDEL', tag .. ':days', days[at])
    else
      first = math.min(first, tonumber(days[at + 1]))
    end
  end
  call('HSET', state, 'today', day, 'first', first)
end

local function put(mark, before, most)
  if #mark == 4 then
    while #before > 0 and number_in('<I4', before) < first do before = before:sub(5) end
  end
  if #before >= 4 * most then
    if mark ~= address then return end
    -- Of an address the first text and the last ones are kept.
    before = before:sub(1, 4) .. before:sub(9)
  end
  postings = postings + call('HSET', buckets_at .. place(mark), mark, before .. number_out('<I4', number))
end

local function split()
  if buckets == level * 2 then level = level * 2 end
  local from, to = buckets_at .. (buckets - level), buckets_at .. buckets
  buckets = buckets + 1
  local marks = call('HGETALL', from)
  local moved, gone = {}, {}
  for at = 1, #marks, 2 do
    if place(marks[at]) == buckets - 1 then
      moved[#moved + 1], moved[#moved + 2] = marks[at], marks[at + 1]
      gone[#gone + 1] = marks[at]
    end
  end
  if #gone > 0 then
    call('HSET', to, unpack(moved))
    call('HDEL', from, unpack(gone))
  end
end

local function sweep(bucket)
  local marks, gone = call('HGETALL', bucket), {}
  for at = 1, #marks, 2 do
    local its = marks[at + 1]
    if number_in('<I4', its, #its - 3) < first then gone[#gone + 1] = marks[at] end
  end
  if #gone > 0 then postings = postings - call('HDEL', bucket, unpack(gone)) end
end

-- Each text as its story and its sketch, one after the other.
local function told(list, other)
  local data = call('GET', tag .. ':d:' .. other)
  if data then
    list[#list + 1] = root(data:sub(1, 16))
    list[#list + 1] = data:sub(17)
  end
end

if day > today and not known then begin_day() end

local near, same, versions, others = {}, {}, {}, {}
local counts, met = {}, {}
for at = 1, #prints, 4 do
  local mark = prints:sub(at, at + 3)
  local its = numbers(mark)
  for from = 1, #its, 4 do
    local other = number_in('<I4', its, from)
    if other >= first and other < number then
      if not counts[other] then met[#met + 1] = other end
      counts[other] = (counts[other] or 0) + 1
    end
  end
  if not known then put(mark, its, MOST) end
end
table.sort(met, function(one, two)
  return counts[one] > counts[two] or (counts[one] == counts[two] and one < two)
end)
local twice = 0
while twice < #met and counts[met[twice + 1]] > 1 do twice = twice + 1 end
for at = 1, math.min(limit, #met, twice + once) do told(near, met[at]) end

for at = 1, #alternates, 9 do
  local its = numbers(alternates:sub(at, at + 8))
  if #its > 0 then told(others, number_in('<I4', its, #its - 3)) end
end

local its = numbers(address)
for at = 1, #its, 4 do
  local other = number_in('<I4', its, at)
  if other < number then told(versions, other) end
end
if not known then put(address, its, MOST_VERSIONS) end

if #text > 0 then
  its = numbers(text)
  local other = #its > 0 and number_in('<I4', its)
  if other and other < number then told(same, other) end
  if not known then put(text, its, MOST) end
end

if not known then
  put(story_mark(own), '', MOST)
  call('SET', tag .. ':d:' .. number, own .. sketch, 'EX', 2 * window * 86400)
  for _ = 1, 2 do
    if buckets * LOAD < postings then split() end
  end
  if first > 1 then sweep(buckets_at .. number % buckets) end
  call('HSET', state, 'buckets', buckets, 'postings', postings)
end
return { versions, same, near, others }
