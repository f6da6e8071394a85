-- Fingerprints in Redis, each call one atomic step. All keys begin with KEYS[1], a hash tag, so that a cluster keeps them
-- on one node.
--
--   <tag>:state        hash: epoch; number of the last text; buckets and postings; today, the first number in the window,
--                      the one of the last days, the one in twice the window, and the last one that was forgotten
--   <tag>:days         hash: day -> its first number, for the days of twice the window
--   <tag>:b:<n>        string, a bucket: postings of seven bytes in order of their texts: the upper three bytes of a mark,
--                      and the number of the text that has it
--   <tag>:d:<number>   the text: its own story, 16 bytes, and its packed sketch
--   <tag>:r:<story>    the story that stands for a joined one
--
-- A mark has four bytes, of which its bucket tells the last one: there are BUCKETS to begin with. A fingerprint is one
-- mark. An address, the hash of a text and a story are two marks each, and the texts that have both are meant.
-- Buckets grow by linear hashing (Litwin 1980): one is split at a time, so that none ever holds much more than LOAD
-- postings, whether there are a thousand texts or ten million. With each text one bucket is swept: postings of texts
-- before the window stand first and go. With each text two are forgotten that are older than twice the window, and what
-- their stories were joined to. Were they left to EXPIRE, each look at a bucket would cost one into its table as well.

local BUCKETS, LOAD, WIDE = 256, 32, 7
local STORY, ADDRESS, TEXT, PRINTS = 1, 3, 5, 7     -- where the marks of a text begin; those of other addresses are last
local MOST_VERSIONS = 256   -- texts of an address or with a hash: the first one and the newest
local tag, command = KEYS[1], ARGV[1]
local state, buckets_at, text_at, root_at = tag .. ':state', tag .. ':b:', tag .. ':d:', tag .. ':r:'
local call, byte, char, find, sub, floor = redis.call, string.byte, string.char, string.find, string.sub, math.floor

local found = call('HMGET', state, 'epoch', 'buckets', 'postings', 'today', 'first', 'past', 'forgotten', 'lately')
local buckets, postings = tonumber(found[2]) or BUCKETS, tonumber(found[3]) or 0
local today, first = tonumber(found[4]) or 0, tonumber(found[5]) or 0
local past, forgotten, lately = tonumber(found[6]) or 0, tonumber(found[7]) or 0, tonumber(found[8]) or 0
local level = BUCKETS
while level * 2 <= buckets do level = level * 2 end

-- The names of the buckets of the marks of this call, and what these hold, each in the place of its mark.
local names, held = {}, {}

local function read(marks)
  local double = 2 * level
  for nth = 1, #marks / 4 do
    local one, two, three, four = byte(marks, 4 * nth - 3, 4 * nth)
    local hash = ((one * 256 + two) * 256 + three) * 256 + four
    local bucket = hash % double
    names[nth] = buckets_at .. (bucket < buckets and bucket or hash % level)
  end
  held = call('MGET', unpack(names))
end

local function number_at(data, at)
  local one, two, three, four = byte(data, at + 3, at + 6)
  return ((four * 256 + three) * 256 + two) * 256 + one
end

-- Where the postings that begin so stand in a bucket, the oldest first; nil where there are none.
local function found_in(data, beginning)
  local from = data and find(data, beginning, 1, true)
  if not from then return nil end
  local its = {}
  while from do
    if from % WIDE == 1 then
      its[#its + 1] = from
      from = from + WIDE - 1
    end
    from = find(data, beginning, from + 1, true)
  end
  return its
end

-- The numbers of the texts that have both the mark ``nth`` and the one after it, the oldest first.
local function numbers(marks, nth)
  local data, other = held[nth], held[nth + 1]
  local its = found_in(data, marks:sub(4 * nth - 3, 4 * nth - 1))
  local others = its and found_in(other, marks:sub(4 * nth + 1, 4 * nth + 3))
  if not others then return {} end
  local theirs, both = {}, {}
  for _, from in ipairs(others) do theirs[number_at(other, from)] = true end
  for _, from in ipairs(its) do
    local number = number_at(data, from)
    if theirs[number] then both[#both + 1] = number end
  end
  return both
end

local function story_marks(story)
  return (story .. string.rep('\0', 8)):sub(1, 8)
end

-- The id that stands for each of some stories.
local function roots(stories)
  local open = {}
  for at = 1, #stories do open[at] = at end
  while #open > 0 do
    local names, still = {}, {}
    for at, one in ipairs(open) do names[at] = root_at .. stories[one] end
    for at, other in ipairs(call('MGET', unpack(names))) do
      if other then
        stories[open[at]] = other
        still[#still + 1] = open[at]
      end
    end
    open = still
  end
  return stories
end

if command == 'root' then
  return roots({ ARGV[2] })[1]
end

if command == 'join' then
  local one, two = unpack(roots({ ARGV[2], ARGV[3] }))
  if one == two then return one end
  local marks = story_marks(one) .. story_marks(two)
  read(marks)
  -- A story that is not known any more is older than all that are.
  local its, other = numbers(marks, 1)[1] or 0, numbers(marks, 3)[1] or 0
  if other < its or (other == its and two < one) then one, two = two, one end
  call('SET', root_at .. two, one)
  -- With a text that is known it will be forgotten.
  if math.max(its, other) == 0 then call('EXPIRE', root_at .. two, ARGV[4]) end
  return one
end

-- meet
local text, marks, alternates = ARGV[2], ARGV[3], tonumber(ARGV[4])
local day, window, limit, once = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local rebuilding, kept, most, days_of_once = ARGV[9] == '1', tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])

if not found[1] and not rebuilding then
  return redis.error_reply('FINGERPRINTSMISSING rebuild them')
end

read(marks)
local known = numbers(marks, STORY)[1]
local number = known or tonumber(call('HINCRBY', state, 'number', 1))
local its_number = char(number % 256, floor(number / 256) % 256, floor(number / 65536) % 256, floor(number / 16777216))

local function begin_day()
  call('HSETNX', tag .. ':days', day, number)
  local days = call('HGETALL', tag .. ':days')
  first, past, lately = number, number, number
  for at = 1, #days, 2 do
    local its_day, its_first = tonumber(days[at]), tonumber(days[at + 1])
    if its_day > day - days_of_once then lately = math.min(lately, its_first) end
    if its_day > day - window then first = math.min(first, its_first) end
    if its_day > day - 2 * window then
      past = math.min(past, its_first)
    else
      call('HDEL', tag .. ':days', days[at])
    end
  end
  call('HSET', state, 'today', day, 'first', first, 'past', past, 'lately', lately)
end

-- Add this text to those of a mark; of ``most`` that stand there already one goes, after so many that are kept.
local function put(nth, beginning, its, most, kept)
  if its and #its >= most then
    -- Read again: two marks of one text may stand in one bucket.
    local data = call('GET', names[nth])
    local gone = found_in(data, beginning)[kept + 1]
    call('SET', names[nth], data:sub(1, gone - 1) .. data:sub(gone + WIDE) .. beginning .. its_number)
  else
    call('APPEND', names[nth], beginning .. its_number)
    postings = postings + 1
  end
end

local function put_both(nth)
  for one = nth, nth + 1 do
    local beginning = marks:sub(4 * one - 3, 4 * one - 1)
    put(one, beginning, found_in(held[one], beginning), MOST_VERSIONS, 1)
  end
end

local function split()
  if buckets == level * 2 then level = level * 2 end
  local from, to = buckets - level, buckets
  local data = call('GET', buckets_at .. from)
  buckets = buckets + 1
  if not data then return end
  local stay, go = {}, {}
  for at = 1, #data, WIDE do
    local one, two, three = byte(data, at, at + 2)
    local hash = ((one * 256 + two) * 256 + three) * 256 + from % 256
    local those = hash % (2 * level) == to and go or stay
    those[#those + 1] = data:sub(at, at + WIDE - 1)
  end
  if #go > 0 then
    call('SET', buckets_at .. to, table.concat(go))
    if #stay > 0 then
      call('SET', buckets_at .. from, table.concat(stay))
    else
      call('DEL', buckets_at .. from)
    end
  end
end

local function sweep(bucket)
  local name, gone = buckets_at .. bucket, 1
  local head = call('GETRANGE', name, 0, WIDE - 1)
  if #head == 0 or number_at(head, 1) >= first then return end
  local data = call('GET', name)
  while gone <= #data and number_at(data, gone) < first do gone = gone + WIDE end
  postings = postings - (gone - 1) / WIDE
  if gone > #data then
    call('DEL', name)
  else
    call('SET', name, data:sub(gone))
  end
end

local function forget()
  for _ = 1, 2 do
    if forgotten + 1 < past then
      forgotten = forgotten + 1
      local name = text_at .. forgotten
      call('UNLINK', name, root_at .. call('GETRANGE', name, 0, 15))
    end
  end
end

-- The story that stands for each text, and the text, one after the other.
local function told(those)
  if #those == 0 then return those end
  local names, stories, list = {}, {}, {}
  for at, other in ipairs(those) do names[at] = text_at .. other end
  for _, data in ipairs(call('MGET', unpack(names))) do
    if data then
      stories[#stories + 1] = sub(data, 1, 16)
      list[2 * #stories] = data
    end
  end
  for at, story in ipairs(roots(stories)) do list[2 * at - 1] = story end
  return list
end

if day > today and not known then begin_day() end

local counts, met = {}, {}
for nth = PRINTS, #names - 2 * alternates do
  local beginning = sub(marks, 4 * nth - 3, 4 * nth - 1)
  local data = held[nth]
  local its = found_in(data, beginning)
  for one = its and #its or 0, 1, -1 do
    local other = number_at(data, its[one])
    if other < first then break end
    if other < number then
      local count = counts[other]
      if not count then met[#met + 1] = other end
      counts[other] = (count or 0) + 1
    end
  end
  if not known then put(nth, beginning, its, most, kept) end
end
table.sort(met, function(one, two)
  return counts[one] > counts[two] or (counts[one] == counts[two] and one > two)
end)
local near = {}
for _, other in ipairs(met) do
  if #near == limit then break end
  if counts[other] > 1 then
    near[#near + 1] = other
  elseif once > 0 and other >= lately then
    near[#near + 1] = other
    once = once - 1
  end
end

local others = {}
for nth = #names - 2 * alternates + 1, #names, 2 do
  local its = numbers(marks, nth)
  others[#others + 1] = its[#its]
end

local function before(nth)
  local earlier = {}
  for _, other in ipairs(numbers(marks, nth)) do
    if other < number then earlier[#earlier + 1] = other end
  end
  return earlier
end
local versions, same = before(ADDRESS), before(TEXT)

if not known then
  put_both(STORY)
  put_both(ADDRESS)
  put_both(TEXT)
  call('SET', text_at .. number, text)
  for _ = 1, 2 do
    if buckets * LOAD < postings then split() end
  end
  if first > 1 then sweep(number % buckets) end
  forget()
  call('HSET', state, 'buckets', buckets, 'postings', postings, 'forgotten', forgotten)
end
return { told(versions), told({ same[1] }), told(near), told(others) }
