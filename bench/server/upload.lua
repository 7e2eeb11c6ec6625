-- wrk: uploads of content that is new with every request.
-- Arguments: target (mooring or nginx), size in bytes, token, then the assets to replace pictures of.
local target, size, token, assets, sent, seed

function init(args)
  target, size, token = args[1], tonumber(args[2]), args[3]
  assets = {}
  for i = 4, #args do assets[#assets + 1] = args[i] end
  math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 1000000)
  seed, sent = math.random(1, 2 ^ 30), 0
  body_tail = string.rep("0123456789abcdef", math.ceil(size / 16))
end

function content()
  sent = sent + 1
  local head = string.format("\255\216\255\224%012d%012d", seed, sent)
  return head .. body_tail:sub(1, size - #head)
end

function request()
  local data = content()
  if target == "nginx" then
    return wrk.format("PUT", string.format("/up/%d/%d-%d", sent % 256, seed, sent), nil, data)
  end
  local form = '--B\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n' ..
    'Content-Type: image/jpeg\r\n\r\n' .. data .. '\r\n--B--\r\n'
  return wrk.format("PATCH", "/v1/pictures/asset/" .. assets[sent % #assets + 1], {
    ["Authorization"] = "Bearer " .. token,
    ["Content-Type"] = "multipart/form-data; boundary=B" }, form)
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %.1f %d %.0f %.0f\n", summary.requests / summary.duration * 1e6, bad,
    latency:percentile(50), latency:percentile(99)))
end
