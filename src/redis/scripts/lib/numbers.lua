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
  if not text then
    local value = number + 0
    -- In some versions of Lua, `%d` prints at most 32 bits.
    local is_plain = value % 1 == 0 and value > -2147483648 and value < 2147483648
    text = string.format(is_plain and '%d' or '%.0f', value)
    texts[number] = text
  end
  return text
end

-- The number that digits stand for; caches its text for `text_of` if printing gives the same digits.
local function number_of(digits)
  local number = tonumber(digits)
  if #digits < 16 and string.byte(digits) ~= 48 then texts[number] = digits end
  return number
end
