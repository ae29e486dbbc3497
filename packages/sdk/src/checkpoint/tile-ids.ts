/**
 * Tiles (C2SP tlog-tiles): the nodes of an RFC 6962 tree in static files of 256 hashes. Tile n of level l holds the
 * roots of the complete subtrees of 256^l leaves from number 256 n on; at level 0 these are the hashes of leaves.
 */

export const tileWidth = 256
export const hashLength = 32
/** The number of leaves is a safe integer, and 256^6 is 2^48: seven levels hold every tree. */
export const tileLevels = 7

export interface TileId {
  readonly level: number
  readonly index: number
  /** How many hashes: 256 in a full tile. */
  readonly width: number
}

/** `tile/0/x001/x234/067`, and behind a partial tile `.p/WIDTH`. */
export function tilePath({ level, ...place }: TileId): string {
  return `tile/${level}/${placePath(place)}`
}

/** Where the leaves of that tile of level 0 lie. */
export function entriesPath(place: Omit<TileId, 'level'>): string {
  return `tile/entries/${placePath(place)}`
}

function placePath({ index, width }: Omit<TileId, 'level'>): string {
  const digits = String(index)
  const padded = digits.padStart(3 * Math.ceil(digits.length / 3), '0')
  const groups = padded.match(/\d{3}/g) ?? []
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/')
  return width === tileWidth ? path : `${path}.p/${width}`
}

/** What stands behind the level, read: the same place has one path, and no other text is one. */
export function parsePlacePath(path: string): Omit<TileId, 'level'> | undefined {
  const [, groups, partial] = /^((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path) ?? []
  if (groups === undefined || groups.length > placeCharactersMax) return undefined
  const place = {
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: partial === undefined ? tileWidth : Number(partial),
  }
  return placePath(place) === path ? place : undefined
}

/** Of fifteen digits, far below where integers lose precision. */
const placeCharactersMax = 24

/** The rightmost tile of each level that has any, from the top down: together they are the whole tree's root. */
export function edgeTiles(size: number): readonly TileId[] {
  const tiles: TileId[] = []
  for (let level = tileLevels - 1; level >= 0; level--) {
    const nodes = nodesAt(level, size)
    if (nodes % tileWidth > 0) tiles.push({ level, index: Math.floor(nodes / tileWidth), width: nodes % tileWidth })
  }
  return tiles
}

/** The tile that holds a node of a level, as wide as a tree of `size` leaves has it. */
export function tileOfNode(level: number, node: number, size: number): TileId {
  const index = Math.floor(node / tileWidth)
  return { level, index, width: Math.min(tileWidth, nodesAt(level, size) - index * tileWidth) }
}

/** How many complete subtrees of 256^level leaves a tree of `size` leaves has. */
export function nodesAt(level: number, size: number): number {
  let nodes = size
  for (let below = 0; below < level; below++) nodes = Math.floor(nodes / tileWidth)
  return nodes
}
