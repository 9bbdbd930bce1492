import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import pixelmatch from 'pixelmatch'
import { PNG } from 'pngjs'

/** Pictures are compared at an eighth of their size, which hides differences between machines such as the edges of letters. */
const SCALE = 8
/** Colours further apart than this, of 1, differ clearly; so large a part may, since a line of text may break elsewhere. */
const CLEAR = { threshold: 0.08, mostPart: 0.02 }
/** A panel is hardly darker than the page: where a square differs a little almost everywhere, a panel is missing or new. */
const FAINT = { threshold: 0.02, windowSize: 10, mostPart: 0.6 }

/** A picture without its transparency, packed as small as it gets without loss. */
export function packPicture(bytes: Uint8Array): Buffer {
  const picture = PNG.sync.read(Buffer.from(bytes))
  return pack(picture)
}

/**
 * Compares a picture with the one that is kept under a path, both small, and gives the part that differs with what is
 * wrong in words; null when nothing is. With `isWritten` it is kept instead.
 */
export function comparePicture(bytes: Uint8Array, path: string, isWritten: boolean): string | null {
  const now = shrink(PNG.sync.read(Buffer.from(bytes)))
  if (isWritten) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, pack(now))
    return null
  }
  if (!existsSync(path))
    return 'there is no picture to compare with: run `npm run screenshots` and look at what it writes'
  const kept = PNG.sync.read(readFileSync(path))
  if (now.width !== kept.width) return `it is ${now.width} wide and was ${kept.width}`
  if (Math.abs(now.height - kept.height) > kept.height * CLEAR.mostPart)
    return `it is ${now.height * SCALE} high and was ${kept.height * SCALE}`
  const height = Math.min(now.height, kept.height)
  const size = now.width * height * 4
  const [left, right] = [now.data.subarray(0, size), kept.data.subarray(0, size)]
  const differing = (options: { threshold: number; windowSize?: number }) =>
    pixelmatch(left, right, null, now.width, height, options)
  const part = differing({ threshold: CLEAR.threshold }) / (now.width * height)
  if (part > CLEAR.mostPart) return `${(100 * part).toFixed(1)} % of it differ`
  const { threshold, windowSize, mostPart } = FAINT
  const inWindow = differing({ threshold, windowSize }) / windowSize ** 2
  return inWindow <= mostPart ? null : `${(100 * inWindow).toFixed(0)} % of one part of it differ`
}

/** Large areas of one colour are packed best as they are: no filter, and the strategy for text. */
function pack(picture: PNG): Buffer {
  return PNG.sync.write(picture, {
    colorType: 2,
    inputHasAlpha: true,
    deflateLevel: 9,
    deflateStrategy: 0,
    filterType: 0,
  })
}

/** The mean of each square of pixels. */
function shrink(picture: PNG): PNG {
  const [width, height] = [Math.floor(picture.width / SCALE), Math.floor(picture.height / SCALE)]
  const small = new PNG({ width, height })
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 4; channel++) {
        small.data[(y * width + x) * 4 + channel] = meanOf(picture, x * SCALE, y * SCALE, channel)
      }
    }
  }
  return small
}

function meanOf({ data, width }: PNG, left: number, top: number, channel: number): number {
  let sum = 0
  for (let y = top; y < top + SCALE; y++) {
    for (let x = left; x < left + SCALE; x++) sum += data[(y * width + x) * 4 + channel]!
  }
  return Math.round(sum / (SCALE * SCALE))
}
