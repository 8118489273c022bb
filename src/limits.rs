//! Every bound of the room in one place, and how the bounds hang together.
//!
//! What always holds here: a bound that another bound relies on has a const assertion below, so that
//! changing one number alone does not compile into a room that stalls or overruns a datagram.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

// Names and texts.

/// Bytes of a name in UTF-8, at most.
pub const NAME_BYTES: usize = 64;
/// Bytes of a name in a Join, at most: longer than a name may be, so that the server can say what is wrong.
pub const NAME_SENT: usize = 4 * NAME_BYTES;
/// Characters of a name, at most.
pub const NAME_CHARS: usize = 32;
/// Bytes of one utterance in UTF-8, at most; a longer line is cut into several utterances.
pub const UTTERANCE_BYTES: usize = 1024;
/// Bytes of what the operator calls the room, at most.
pub const TITLE_BYTES: usize = 64;
/// Bytes of the reason that the operator gives with a kick, or a member for being away, at most.
pub const WHY_BYTES: usize = 200;

// Datagrams.

/// Bytes of a datagram's payload, at most: what every path is taken to carry (RFC 8899, section 5.1.1,
/// BASE_PLPMTU). Hello, Join and Welcome are padded to it, so a narrower path fails at the door.
pub const DATAGRAM: usize = 1200;
/// Sizes that a path is tried for where it would help (RFC 8899): an Ethernet's, and on loopback a large frame's and one that
/// takes up no more of a receive buffer than that.
pub const DATAGRAM_SIZES: [usize; 4] = [DATAGRAM, 1452, 8952, 15_900];
/// Probes of one size that may go unanswered (MAX_PROBES)…
pub const PATH_PROBES: u8 = 3;
/// …before the size is tried again after this time (PMTU_RAISE_TIMER).
pub const PATH_RETRY: Duration = Duration::from_secs(600);
/// Bytes in flight to one member, at most, as its receive buffer counts them: well below a default one of 212 992.
pub const IN_FLIGHT_BYTES: usize = 163_840;
/// What a receive buffer counts for a datagram (Linux): with so many bytes around it, the next power of two.
pub const AROUND_DATAGRAM: usize = 400;
/// Bytes of the largest datagram that a socket may hand to us.
pub const RECEIVE_BUFFER: usize = 65_536;
/// Authors that one datagram names by index; later ones are named in full each time.
pub const INDEXED_AUTHORS: usize = 64;

// The link.

/// Packet numbers behind the newest that are still accepted once (a bitmap of this many bits).
pub const REPLAY_WINDOW: u64 = 512;
/// Datagrams in flight before the first acknowledgement (RFC 6928).
pub const WINDOW_FIRST: u32 = 10;
/// Datagrams in flight, at least.
pub const WINDOW_LEAST: u32 = 2;
/// Datagrams in flight that a reported loss leaves, if there were so many; only a timeout leaves fewer.
pub const WINDOW_CUT_LEAST: u32 = 8;
/// Datagrams in flight, at most: a default receive buffer holds about 90 of 1200 bytes.
pub const WINDOW_MOST: u32 = 64;
/// Datagrams that came early and are kept until the gap before them closes.
pub const EARLY_DATAGRAMS: usize = 64;
/// Retransmission timeout before the first measurement (RFC 6298, section 2).
pub const RTO_FIRST: Duration = Duration::from_secs(1);
/// Retransmission timeout, at least.
pub const RTO_LEAST: Duration = Duration::from_millis(50);
/// Retransmission timeout, at most, backoff included.
pub const RTO_MOST: Duration = Duration::from_secs(3);
/// What the retransmission timeout allows for a delayed acknowledgement.
pub const ACK_ALLOWANCE: Duration = Duration::from_millis(100);
/// …and what it allows for at the server, which acknowledges an utterance at once, but for [`QUIET_REST`].
pub const ACK_PROMPT: Duration = Duration::from_millis(20);
/// An acknowledgement that finds no data to ride on waits a random time from here…
pub const ACK_DELAY_LEAST: Duration = Duration::from_millis(25);
/// …to here, so that a room full of listeners does not answer all at once.
pub const ACK_DELAY_MOST: Duration = Duration::from_millis(100);
/// Members that are asked for an acknowledgement together: their answers fit a receive buffer that holds 250 datagrams.
pub const ASKED_TOGETHER: u32 = 128;
/// While a gap is open, it is reported anew this long after another datagram has come.
pub const GAP_REPEAT: Duration = Duration::from_millis(5);
/// Datagrams that are late by less than this, or by a quarter of the round trip, are taken for late, not for lost.
pub const REORDERING_LEAST: Duration = Duration::from_millis(5);
/// For so many datagrams after a loss each repeats what went before it, if it carries no more new events than…
pub const WARY: u8 = 250;
/// …so many, and so many of those at most.
pub const REPEATED: u64 = 3;

// Sessions.

/// A client that has sent nothing for so long sends an empty datagram.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// …and, once, this long after the last event has come…
pub const KEEP_ALIVE_AFTER_TALK: Duration = Duration::from_secs(4);
/// …or sooner, if the server's patience is shorter; but no sooner than this.
pub const KEEP_ALIVE_LEAST: Duration = Duration::from_millis(100);
/// A member that was not heard for so long has left.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Utterances of one member that are sent but not yet ordered, at most.
pub const UTTERANCES_UNORDERED: u64 = 32;
/// Utterances that wait in a client to be sent, at most; then the input waits.
pub const UTTERANCES_QUEUED: usize = 1024;
/// Whispers and renamings of a client that are ordered and whose outcome has not come, at most; then the oldest are not told.
pub const OUTCOMES: usize = 1024;
/// Reads of a client that wait for their answers, at most; further ones are not asked.
pub const ASKS: usize = 16;
/// Tags of its newest datagrams that a client knows again in an Unknown.
pub const RECENT_TAGS: usize = 32;
/// A client whose server does not answer says so after this time…
pub const SILENCE_NOTICE: Duration = Duration::from_secs(5);
/// …and again each time this much more has passed.
pub const SILENCE_REPEAT: Duration = Duration::from_secs(10);
/// A client whose server does not answer makes its socket anew after this time, and again after each.
pub const REBIND_AFTER: Duration = Duration::from_secs(4);
/// A client whose server does not answer at all asks to be let in again after this time: its session may be forgotten.
pub const RETURN_AFTER: Duration = Duration::from_secs(10);
/// First pause before a handshake datagram is sent again; it grows by half each time… At 30 % loss each way
/// some thirty tries leave a chance of about one in ten million not to come in.
pub const HANDSHAKE_RETRY: Duration = Duration::from_millis(300);
/// …up to this; for one who was in the room before, up to [`RTO_MOST`].
pub const HANDSHAKE_RETRY_MOST: Duration = Duration::from_millis(500);
/// A Join that was not answered so many times starts over with a Hello: its cookie may be stale or damaged.
pub const JOIN_TRIES: u32 = 4;
/// A client that has never been in the room gives up after this time.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// A client that wants to leave and is not answered gives up after this time of silence.
pub const LEAVE_TIMEOUT: Duration = Duration::from_secs(60);

// The room.

/// Members at once, unless the operator says otherwise.
pub const MEMBERS: usize = 4096;
/// Members at once, at most: slots are numbered in [`SLOT_BITS`] bits.
pub const MEMBERS_MOST: usize = (1 << SLOT_BITS) - 1;
/// Bits of a session id that name the member's slot; the others count the slot's sessions.
pub const SLOT_BITS: u32 = 20;
/// Members from one source address (IPv6: one /64), unless the operator says otherwise.
pub const PER_ADDRESS: usize = 64;
/// Utterances that a member may say at once…
pub const RATE_BURST: u32 = 20;
/// …and then per second, unless the operator says otherwise.
pub const RATE: u32 = 10;
/// While a member that is there lags by more than half of the retained log, the others speak no faster than
/// [`RATE`]. It is there if it has acknowledged something new, or had everything, so recently…
pub const LAG_PATIENCE: Duration = Duration::from_secs(10);
/// …and the room looks for the one that lags most no more often than this.
pub const LAG_LOOK: Duration = Duration::from_millis(10);
/// Events that the log retains, at most.
pub const LOG_EVENTS: usize = 10_000;
/// Bytes of text and names that the log retains, at most.
pub const LOG_BYTES: usize = 8 << 20;
/// Events that a joining member is shown, at most.
pub const HISTORY: usize = 200;
/// Events that a client on a terminal asks for.
pub const HISTORY_WANTED: usize = 20;
/// Names and addresses that are banned, at most.
pub const BANS: usize = 4096;
/// Members are woken at multiples of this time.
pub const WAKE_GRAIN: Duration = Duration::from_millis(4);
/// Who is to be woken within this time is looked at whenever the router is awake: most have been served meanwhile.
pub const TIMERS_AHEAD: Duration = Duration::from_millis(25);
/// Entries of the room's timers that may be out of date, beside one for each member.
pub const STALE_TIMERS: usize = 64;
/// Sessions that ended and are remembered, so that each can be told why, or be resumed.
pub const DEPARTED: usize = 4096;
/// A cookie is valid in the slot of time it was made in and in the next one.
pub const COOKIE_SLOT: Duration = Duration::from_secs(10);
/// Buckets of the table that limits handshakes by source.
pub const SOURCE_BUCKETS: usize = 65_536;
/// Unauthenticated datagrams that one source may have answered at once…
pub const SOURCE_BURST: u32 = 200;
/// …and then per second.
pub const SOURCE_RATE: u32 = 50;
/// Replies that wait to be sent, at most; more are dropped and counted.
pub const REPLIES: usize = 1024;
/// Words wait so long, times the members, after others went out: about what that cost, so half is for what comes in…
pub const FAN_OUT_PAUSE: Duration = Duration::from_micros(2);
/// …or, if more than a few events went out together, for each of them so long, times the members…
pub const FAN_OUT_PAUSE_EVENT: Duration = Duration::from_nanos(500);
/// …but no less than this, times the members: under load a datagram carries many…
pub const FAN_OUT_PAUSE_LOADED: Duration = Duration::from_micros(30);
/// …no more than this, times the members…
pub const FAN_OUT_PAUSE_FULL: Duration = Duration::from_micros(100);
/// …and never longer than this.
pub const FAN_OUT_PAUSE_MOST: Duration = Duration::from_millis(500);
/// Datagrams that the kernel takes as one, and members that are sent to together, at most…
pub const TRAIN: usize = 64;
/// …and the bytes of all of them: the largest datagram that there is.
pub const TRAIN_BYTES: usize = 65_507;
/// Events that are few.
pub const FAN_OUT_FEW: u64 = 3;
/// That someone came or left goes out with the next words, or when everyone was served this long ago, times the members by now…
pub const NOTICE_PAUSE: Duration = Duration::from_micros(500);
/// …but no longer: when a thousand come at the same time, each of them need not be told of each other at once.
pub const NOTICE_PAUSE_MOST: Duration = Duration::from_secs(2);
/// Encoded bodies that are kept for members at the same cursor (a prime).
pub const BODIES: usize = 127;
/// When the room closes, members have so long to learn the last events…
pub const CLOSE_DELIVER: Duration = Duration::from_secs(1);
/// …and so long in all to learn that it closed.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// While the room closes, a member that did not confirm is told again after this time.
pub const CLOSE_REPEAT: Duration = Duration::from_millis(150);

// The classroom's text protocol.

/// Bytes of a datagram with text, at most: course programs read 1024, and some put a zero behind what they have read.
pub const CLASSIC_DATAGRAM: usize = 1023;
/// Bytes of the answer to a login, at most: the smallest buffers that clients read it into.
pub const CLASSIC_ANSWER: usize = 120;
/// A classic member that was not heard for so long has left, unless the operator says otherwise: none sends keep-alives.
pub const CLASSIC_IDLE: Duration = Duration::from_secs(30 * 60);
/// Utterances of one classic member that are held back for being too fast, at most; more are dropped and counted.
pub const CLASSIC_WAITING: usize = 128;
/// Datagrams that go to a classic member unacknowledged at once: a default receive buffer holds about 90 of the largest…
pub const CLASSIC_BURST: u32 = 64;
/// …and then per second.
pub const CLASSIC_PACE: u32 = 1000;
/// Events whose text for classic members is kept (a power of two).
pub const CLASSIC_LINES: usize = 128;
/// Bytes of the text in one datagram to a classic server, at most: with what that writes around it, others can read it.
pub const CLASSIC_TEXT: usize = 896;
/// A client of a classic server that is not told EXIT ends by itself after this time.
pub const CLASSIC_EXIT: Duration = Duration::from_secs(1);

// The programs.

/// Datagrams between the server's receive thread and its router, at most; more are dropped and counted.
pub const RECEIVE_QUEUE: usize = 8192;
/// Datagrams of no session find a place there only while fewer than these wait: each may cost an answer, and a flood
/// of them is neither to hold up the members nor to take memory.
pub const RECEIVE_QUEUE_STRANGERS: usize = 256;
/// Datagrams longer than [`DATAGRAM`], which only clients of the text protocol send, do while fewer than these wait.
pub const RECEIVE_QUEUE_LONG: usize = 16;
/// Bytes of the queue's buffers that are kept when it is empty again…
pub const RECEIVE_QUEUE_KEPT: usize = 1 << 16;
/// …and how many datagrams they have a place for then.
pub const RECEIVE_QUEUE_PLACES: usize = 1024;
/// Datagrams that the router handles before it flushes, at most.
pub const BATCH: usize = 1024;
/// …and sends, beside replies, before it handles again what has come, or to classic members before the others' turn.
pub const BATCH_SENT: usize = 256;
/// Commands between the console and the router, and what the screen is to say of them, at most; then the console waits.
pub const COMMANDS: usize = 64;
/// Batches of events between the router and the operator's screen, at most; then its cursor lags.
pub const SCREEN_BATCHES: usize = 64;
/// Bytes of one such batch, at most.
pub const SCREEN_BATCH: usize = 1 << 14;
/// How long a server that ends waits for a screen or transcript that takes no more.
pub const VIEWER_PATIENCE: Duration = Duration::from_secs(1);
/// The metrics are written this often.
pub const METRICS_EVERY: Duration = Duration::from_secs(15);
/// The screen's thread rests so long after it has written, and then shows what has come meanwhile.
pub const SCREEN_PAUSE: Duration = Duration::from_millis(50);
/// The router waits no shorter than this for a timer…
pub const TIMER_LEAST: Duration = Duration::from_micros(100);
/// …and has stood still, as a stopped process does, if it is at it so much later than it wanted.
pub const STANDSTILL: Duration = Duration::from_secs(1);
/// While what was said waits to go to everyone, the router takes no notice of what comes for this time at most.
pub const ROUTER_REST: Duration = Duration::from_millis(1);
/// A datagram for which the receive thread had to wait so long was the only one…
pub const RECEIVE_WAITED: Duration = Duration::from_micros(10);
/// …and while the router is busy, the thread rests so long before it looks for more: a default receive buffer takes
/// what comes meanwhile, be it full datagrams at a gigabit per second.
pub const RECEIVE_REST: Duration = Duration::from_micros(200);
/// The server is quiet when for this time no member was sent events…
pub const QUIET_AFTER: Duration = Duration::from_secs(4);
/// …and for this time no more than a few datagrams came together…
pub const QUIET_AFTER_BURST: Duration = Duration::from_millis(100);
/// …at most so many: a default receive buffer holds twice as many small ones.
pub const QUIET_FEW: usize = 128;
/// When the server is quiet and a sign of life comes, it takes no notice for this time, to be woken for several at a time.
pub const QUIET_REST: Duration = Duration::from_millis(16);
/// The router looks this often whether a screen that lags takes more.
pub const SCREEN_RETRY: Duration = Duration::from_millis(50);
/// Lines of its own that a terminal's client has sent are shown as waiting when they are not ordered after this time.
pub const WAITING_SHOWN: Duration = Duration::from_secs(1);
/// Batches of lines that wait for a terminal that does not take them, at most; then the client's cursor lags.
pub const SCREEN_LINES: usize = 256;
/// Bytes that are shown above a typed line at once, unless one batch has more.
pub const SCREEN_PIECE: usize = 4096;
/// Lines that the editor has not shown after this time are taken as shown.
pub const SCREEN_PATIENCE: Duration = Duration::from_millis(200);
/// A program that is told to stand still does so within this time, if it does.
pub const STOPPED: Duration = Duration::from_secs(1);
/// When a program ends, what is yet to be shown has so long: nobody may be there who reads it.
pub const SCREEN_DRAIN: Duration = Duration::from_millis(500);
/// After a silence, missed lines count as filled in until so long nothing has come.
pub const FILLED_IN: Duration = Duration::from_secs(3);
/// Lines of a person's own that can be called back.
pub const HISTORY_LINES: usize = 1000;
/// The client's receive thread looks this often whether the socket is another one, or all is over.
pub const SOCKET_POLL: Duration = Duration::from_millis(200);
/// The server's receive thread looks this often whether to end, should the datagram that wakes it be lost.
pub const RECEIVE_POLL: Duration = Duration::from_secs(1);

/// Bytes of a config file.
pub const CONFIG_BYTES: u64 = 65_536;
/// Where rooms listen for whoever looks for them, beside their own port.
pub const DISCOVERY_PORT: u16 = 28888;
/// The multicast group of rooms: of the organisation's local scope (RFC 2365)…
pub const DISCOVERY_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 88, 88);
/// …and of the link (RFC 4291: not permanently assigned).
pub const DISCOVERY_V6: Ipv6Addr = Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0, 0, 0x8888);

/// A client that is named no server looks for rooms this long…
pub const SEARCH: Duration = Duration::from_secs(1);
/// …and asks again after this time.
pub const SEARCH_REPEAT: Duration = Duration::from_millis(300);
/// Rooms that it keeps, at most.
pub const ROOMS_FOUND: usize = 32;
/// Answers that have come over IPv6 meanwhile and are looked at, at most.
pub const ANSWERS_WAITING: usize = 1024;

/// Datagrams that `--doctor` sends to a server…
pub const PROBES: u32 = 20;
/// …one after this time each…
pub const PROBE_PAUSE: Duration = Duration::from_millis(50);
/// …and after the last one it waits so long.
pub const PROBE_PATIENCE: Duration = Duration::from_secs(1);
/// Small datagrams that it sends where no large one is answered.
pub const SMALL_PROBES: u32 = 4;
/// Percent of the probes that may be lost while all is still well: what the room is made for.
pub const LOSS_BORNE: u32 = 30;
/// A round trip beyond this is called slow.
pub const SLOW: Duration = Duration::from_millis(300);

/// Bytes of input that are taken at once when no line break comes.
pub const LINE_PART: usize = 65_536;

/// Bytes in front of the body of a Down: three of kind, session, packet number, heard, flags, own, stamps, tag.
pub const DOWN_HEAD: usize = 3 + 4 + 8 + 8 + 1 + 3 + 4 + 8;
/// Bytes in front of the body of any other sealed datagram: three of kind, session, packet number, tag.
pub const SEALED_HEAD: usize = 3 + 4 + 8 + 8;
/// Bytes of a Challenge: three of kind, checksum, nonce, cookie.
pub const CHALLENGE: usize = 3 + 8 + 8 + 8;
/// Bytes of an Unknown: three of kind, checksum, session, echo.
pub const UNKNOWN: usize = 3 + 8 + 4 + 8;
/// Bytes of a Seek, and so of its answer at most.
pub const SEEK: usize = 128;
/// Bytes of a variable-length integer, at most.
pub const VARINT: usize = 10;

/// Whether the log tells of the so-manieth time of what may happen a million times a second: the first, sixteenth…
pub const fn is_told(count: u64) -> bool {
    count.is_power_of_two() && count.trailing_zeros().is_multiple_of(4)
}

const _: () = {
    // One utterance with every field at its longest fits one datagram, up and down.
    assert!(
        SEALED_HEAD + 5 + 3 * VARINT + 1 + 1 + NAME_BYTES + VARINT + UTTERANCE_BYTES <= DATAGRAM
    );
    // What `--doctor` sends is answered by a server that has its usual patience with a source.
    assert!(PROBES + SMALL_PROBES < SOURCE_BURST && LOSS_BORNE < 100 && SMALL_PROBES > 0);
    // A Found is no larger than what asked for it.
    assert!(3 + 8 + 8 + 1 + 4 + 4 + 1 + TITLE_BYTES <= SEEK && TITLE_BYTES < 128);
    assert!(
        DOWN_HEAD + 2 * VARINT + 2 + 1 + NAME_BYTES + VARINT + 1 + VARINT + UTTERANCE_BYTES
            <= DATAGRAM
    );
    // A name as it may be sent fits where an utterance does, and a page of the roster takes at least one member.
    assert!(NAME_SENT < UTTERANCE_BYTES);
    assert!(SEALED_HEAD + 1 + 3 * VARINT + 1 + NAME_BYTES + 2 + WHY_BYTES <= DATAGRAM);
    // A name's length, the count of waiting utterances beside its flag, and an author's index fit one byte.
    assert!(NAME_BYTES < 256 && UTTERANCES_UNORDERED < 64 && INDEXED_AUTHORS < 256);
    // The receiver keeps what a full window sends while its first datagram is lost.
    assert!(WINDOW_FIRST <= WINDOW_MOST && WINDOW_MOST as usize <= EARLY_DATAGRAMS);
    // The sizes grow, and even of the largest one a window of the least size fits.
    assert!(DATAGRAM_SIZES[0] == DATAGRAM && DATAGRAM_SIZES[1] > DATAGRAM_SIZES[0]);
    assert!(DATAGRAM_SIZES[2] > DATAGRAM_SIZES[1] && DATAGRAM_SIZES[3] > DATAGRAM_SIZES[2]);
    assert!(DATAGRAM_SIZES[3] * WINDOW_LEAST as usize <= IN_FLIGHT_BYTES);
    assert!(IN_FLIGHT_BYTES <= 212_992 / 5 * 4 && DATAGRAM_SIZES[3] <= RECEIVE_BUFFER);
    assert!(WINDOW_LEAST <= WINDOW_CUT_LEAST && WINDOW_CUT_LEAST <= WINDOW_FIRST);
    // A window of datagrams lies well inside the replay window.
    assert!((WINDOW_MOST as u64) * 4 <= REPLAY_WINDOW && REPLAY_WINDOW.is_multiple_of(64));
    // A delayed acknowledgement comes before the timeout that waits for it.
    assert!(ACK_DELAY_LEAST.as_millis() < ACK_DELAY_MOST.as_millis());
    assert!(ACK_DELAY_MOST.as_millis() <= ACK_ALLOWANCE.as_millis());
    assert!(ACK_PROMPT.as_millis() <= ACK_ALLOWANCE.as_millis());
    assert!(QUIET_REST.as_millis() + WAKE_GRAIN.as_millis() <= ACK_PROMPT.as_millis());
    assert!(RTO_LEAST.as_millis() <= RTO_FIRST.as_millis());
    // A round trip is kept in nanoseconds of 32 bits.
    assert!(RTO_FIRST.as_nanos() <= RTO_MOST.as_nanos() && RTO_MOST.as_nanos() < u32::MAX as u128);
    // As long as an answer to events is awaited, they are sent again before the server is quiet.
    assert!(RTO_MOST.as_millis() + WAKE_GRAIN.as_millis() < QUIET_AFTER.as_millis());
    // Two keep-alives may be lost, and the probes after them too, before a member counts as gone.
    assert!(KEEP_ALIVE.as_secs() * 3 < IDLE_TIMEOUT.as_secs());
    // A whole queue of one member's utterances fits the retained log, and so does the history.
    assert!(HISTORY <= LOG_EVENTS && (UTTERANCES_UNORDERED as usize) < LOG_EVENTS);
    // Whoever has just come in is not behind by half the log.
    assert!(HISTORY < LOG_EVENTS / 2 && LAG_LOOK.as_millis() < LAG_PATIENCE.as_millis());
    assert!(MEMBERS <= MEMBERS_MOST && SLOT_BITS < 32);
    assert!(SOURCE_BUCKETS.is_power_of_two());
    assert!(RECEIVE_QUEUE_STRANGERS < RECEIVE_QUEUE && BATCH_SENT < RECEIVE_QUEUE);
    // Who loses three datagrams in a row is still there.
    assert!(LAG_PATIENCE.as_millis() > 3 * RTO_MOST.as_millis());
    // The cookie outlives a slow handshake.
    assert!(COOKIE_SLOT.as_millis() >= 2 * HANDSHAKE_RETRY_MOST.as_millis() * JOIN_TRIES as u128);
    assert!(CLOSE_DELIVER.as_millis() < CLOSE_TIMEOUT.as_millis());
    // Text for classic programs has room for a line break, a name, the words between, and an utterance in few pieces.
    assert!(CLASSIC_DATAGRAM < 1024 && 4 * (1 + NAME_BYTES + 32) <= CLASSIC_DATAGRAM);
    assert!(CLASSIC_TEXT + NAME_BYTES + 32 <= CLASSIC_DATAGRAM && CLASSIC_LINES.is_power_of_two());
    assert!(CLASSIC_DATAGRAM <= UTTERANCE_BYTES && CLASSIC_BURST <= 90);
};
