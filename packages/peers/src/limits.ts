/** How much one member, and all of them together, may ask of a node between nodes. */

/** A sealed note; the largest that the exchange makes. */
export const noteBytesMax = 64 * 1024 * 1024

/** Notes that one connection carries at once, in either direction: one that is large does not hold up the small ones. */
export const streamsMax = 16

/** Room that notes of one member take while they come in: the largest and as much again for the small ones. */
export const memberBytesMax = 2 * noteBytesMax
/** The same for all members together. One note of the largest is always taken. */
export const allBytesMax = 4 * noteBytesMax

/**
 * Notes a second that one member may bring, over a minute, and at once. A ward that asks all day makes a few; a node that
 * comes back with a full outbox brings 64 in each round.
 */
export const notesPerSecondMax = 100
export const notesAtOnceMax = 1_000

/** Connections of one member that are open here: a node that restarts leaves one behind. The oldest goes first. */
export const connectionsPerMemberMax = 4
/** Connections whose other side has not shown its key. The oldest goes first, so that a newcomer is always heard. */
export const handshakesMax = 256

/** What waits to be sent to one peer, and to all: beyond that it is left to its owner, who sends it again. */
export const waitingPerPeerMax = 256
export const waitingBytesMax = 4 * noteBytesMax
/** Peers that are known of: as many as a network has members. */
export const peersMax = 1_000

/** Tries of one note before it is left to its owner. */
export const triesMax = 4
/** A note that waited so long was sent again by its owner, or is no longer wanted. */
export const waitingSecondsMax = 30

/** Between the least and the most that a peer may ask us to wait. */
export const retryAfterSecondsMin = 1
export const retryAfterSecondsMax = 60

/** Fields of one request or answer: a few short ones of our own. */
export const headerBytesMax = 4_096
export const headersMax = 32
/** Memory in MiB that the protocol may use for one connection beside the notes themselves. */
export const protocolMemoryMebibytesMax = 4
/** Bytes of one note that are on their way unread; the protocol's own 64 KiB would wait for each round trip. */
export const windowBytes = 1024 * 1024

/** A question between nodes has a few fields; an answer is what an engine says of one block: 60 kB with a hundred validators. */
export const questionBytesMax = 256
export const answerBytesMax = 1024 * 1024
/** Questions in hand, of all members together: each costs the engine beside the node a look at its files. */
export const questionsAtOnceMax = 16
export const questionsPerMemberMax = 4

/** What a wallet asks of a member through another member's node: a note of its own, or a request for a page. */
export const walletAskBytesMax = 5 * 1024 * 1024
/** A page of the own chart, or of a mailbox, with its seal. */
export const walletAnswerBytesMax = 16 * 1024 * 1024
/** Of all members together: each may hold an ask and an answer of those sizes. */
export const walletAsksAtOnceMax = 16
/** Of one member: its node asks one after another, and a connection that broke off may leave one behind. */
export const walletAsksPerMemberMax = 2
/** Of one member a second, over a minute, and at once. Whoever floods a node for wallets takes nothing from its member's notes. */
export const walletAsksPerSecondMax = 20
export const walletAsksInBurstMax = 200
