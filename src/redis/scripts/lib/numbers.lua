-- Whole numbers and their texts.
-- Any program may have written a state, so a text that is no whole number within the range of JSON and scores counts as
-- absent.
local function integer_of(text)
  local number = tonumber(text)
  return number and number % 1 == 0 and number > -1e16 and number < 1e16 and number or nil
end

-- The text of a whole number, given as a number or as its digits. Printing a number is slow, with `%.0f` several times
-- as slow as with `%d`, and one call uses the same instants many times. So texts are cached, and commands get texts
-- instead of numbers.
local texts = {}
local function text_of(number)
  local text = texts[number]
  if text then return text end
  local value = number + 0
  -- In some versions of Lua, `%d` prints at most 32 bits, so an instant is printed as its seconds and its milliseconds.
  if value % 1 ~= 0 or value <= -2147483648 or value >= 2147483648000 then
    text = string.format('%.0f', value)
  elseif value < 2147483648 then
    text = string.format('%d', value)
  else
    text = string.format('%d%03d', math.floor(value / 1000), value % 1000)
  end
  texts[number] = text
  return text
end

-- The number that digits stand for; caches its text for `text_of` if printing gives the same digits.
local function number_of(digits)
  local number = tonumber(digits)
  if #digits < 16 and string.byte(digits) ~= 48 then texts[number] = digits end
  return number
end
