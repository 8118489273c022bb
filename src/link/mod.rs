//! One peer's reliable link, used by the room for each member and by a session for its server.
//!
//! A link numbers datagrams, remembers which run of items each datagram in flight carried, and says what to
//! send next and when. It holds no items: the room keeps them in its log, the session in its queue, and both
//! encode a run anew when it has to be sent again.
//!
//! What always holds here: `acked ≤ sent`; the flights are disjoint, in order, and cover exactly the items
//! after `acked` up to `sent`; a packet number is used once.
//!
//! The driver's order: [`Link::receive`] for a datagram whose tag is right, then [`Link::acknowledge`] with
//! what it acknowledges and [`Link::owe`] if it carried something; [`Link::handle_timeout`] when
//! [`Link::poll_timeout`] has come; then [`Link::poll_send`] and [`Link::on_sent`] until there is nothing.

mod acknowledged;
mod clocks;
mod flights;
mod inbox;
mod moment;
mod owed;
mod random;
mod rate;
mod replay;
mod rtt;
#[cfg(test)]
mod tests;
mod window;

pub use inbox::Inbox;
pub use moment::Moment;
pub use owed::Urgency;
pub use random::Random;
pub use rate::Rate;

use crate::limits;
use crate::wire::{PacketNumber, Stamps};
use clocks::Clocks;
use flights::Flights;
use owed::Owed;
use replay::Replay;
use rtt::Rtt;
use std::time::Duration;
use window::Window;

/// A run of items to send, fewer than 2^32: from `first`, as far as a datagram goes, but to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first item.
    pub first: u64,
    /// The item after the last.
    pub end: u64,
}

impl Run {
    /// How many items, of a run that [`Link::poll_send`] gave.
    fn items(self) -> u32 {
        (self.end - self.first) as u32
    }
}

/// The peer acknowledged what was never sent: it is broken or lying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible;

/// How an arriving datagram stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The newest so far.
    Newest,
    /// Older than the newest, not seen before.
    Late,
}

/// See the module. What a flush looks at stands together and in front: a server has many links, and its time goes by the
/// cache lines that it touches.
#[derive(Debug)]
#[repr(C)]
pub struct Link {
    acked: u64,
    sent: u64,
    last_packet: u64,
    flights: Flights,
    window: Window,
    /// Which members of a crowd are asked for an acknowledgement together.
    turn: u32,
    clocks: Clocks,
    backoff: u8,
    /// The peer acknowledges items without delay, each datagram of them.
    prompt_peer: bool,
    /// An acknowledgement was asked for, and none has come since.
    asked: bool,
    /// Datagrams for which the path is still taken for one that loses some.
    wary: u8,
    /// An answer to a datagram that carried no items is awaited.
    probing: bool,
    probe_due: bool,
    rtt: Rtt,
    rto_at: Moment,
    sent_at: Moment,
    heard_at: Moment,
    owed: Owed,
    /// End of the gap that the peer reported last.
    gap_end: u64,
    replay: Replay,
}

impl Link {
    /// A link whose peer has every item up to `acked`.
    pub fn new(now: Duration, acked: u64) -> Link {
        Link {
            acked,
            sent: acked,
            last_packet: 0,
            flights: Flights::default(),
            window: Window::default(),
            turn: 0,
            clocks: Clocks::default(),
            backoff: 0,
            prompt_peer: false,
            asked: false,
            wary: 0,
            probing: false,
            probe_due: false,
            rtt: Rtt::default(),
            rto_at: Moment::NEVER,
            sent_at: now.into(),
            heard_at: now.into(),
            owed: Owed::default(),
            gap_end: 0,
            replay: Replay::default(),
        }
    }

    /// A link that continues at a packet number, for tests of numbers near their end.
    pub fn with_last_packet(mut self, packet: u64) -> Link {
        self.last_packet = packet;
        self
    }

    /// A link whose peer acknowledges items without delay.
    pub fn with_prompt_peer(mut self) -> Link {
        self.prompt_peer = true;
        self
    }

    /// A link that is one of many: those of one turn ask for acknowledgements together, the others at other times.
    pub fn with_turn(mut self, turn: u32) -> Link {
        self.turn = turn;
        self
    }

    /// A link whose round trip the handshake has measured.
    pub fn with_round_trip(mut self, measured: Option<Duration>) -> Link {
        if let Some(measured) = measured {
            self.rtt.measured(measured);
        }
        self
    }

    /// Datagrams in flight, at most, from now on: they have another size. If there are as many already, none that goes out
    /// will ask what has arrived, and a probe does.
    pub fn limit_window(&mut self, most: u32) {
        self.window.limit(most);
        self.probe_due |= self.flights.under_way() >= self.window.size() && !self.asked;
    }

    /// Every item up to this one is known to have arrived.
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// The newest item that was ever sent: the cursor.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// When the peer was last heard.
    pub fn heard_at(&self) -> Moment {
        self.heard_at
    }

    /// Silence until now says nothing of the peer: nobody listened.
    pub fn excuse_silence(&mut self, now: Duration) {
        self.heard_at = now.into();
    }

    /// Whether the peer was heard at all.
    pub fn has_received(&self) -> bool {
        self.replay.newest() > 0
    }

    /// When something was last sent.
    pub fn sent_at(&self) -> Duration {
        self.sent_at.into()
    }

    /// The smoothed round-trip time, once measured.
    pub fn round_trip(&self) -> Option<Duration> {
        self.rtt.smoothed()
    }

    /// Runs that are under way, or lost and to be sent again.
    pub fn flights(&self) -> usize {
        self.flights.len()
    }

    /// Whether an answer is awaited.
    pub fn is_waiting(&self) -> bool {
        self.rto_at != Moment::NEVER
    }

    // ---- Receiving

    /// Takes note of a datagram whose tag was verified; `None` if it came before.
    pub fn receive(&mut self, now: Duration, packet: PacketNumber) -> Option<Arrival> {
        let arrival = self.replay.accept(packet.0)?;
        self.heard_at = now.into();
        if self.probing {
            self.probing = false;
            if self.flights.is_empty() {
                self.rto_at = Moment::NEVER;
                self.backoff = 0;
            }
        }
        Some(arrival)
    }

    /// Something came that the peer wants acknowledged: when data goes its way, or then.
    pub fn owe(&mut self, now: Duration, urgency: Urgency) {
        self.owed.owe(now, urgency);
    }

    /// Whether an acknowledgement has to go now, with data or without.
    pub fn is_ack_due(&self, now: Duration) -> bool {
        self.owed.at() <= now.into()
    }

    /// What a datagram that acknowledges something now is to carry.
    pub fn stamps(&self, now: Duration) -> Stamps {
        self.clocks.stamps(now)
    }

    // ---- Sending

    /// The next run of items to put into a datagram, where items to before `available` exist.
    pub fn poll_send(&self, available: u64) -> Option<Run> {
        let open = self.flights.under_way() < self.window.size();
        // What everything waits for goes even into a full window, or nothing would ever move it.
        if let Some(run) = self.flights.next_lost(self.acked, !open) {
            return Some(run);
        }
        if !open || self.flights.has_lost() {
            return None;
        }
        let first = self.sent.saturating_add(1);
        (first < available).then_some(Run {
            first,
            end: available.min(first.saturating_add(u64::from(u32::MAX))),
        })
    }

    /// With which item a datagram is to begin that carries this run. On a path that has lost something lately a datagram
    /// with little that is new repeats what went before it: most losses then need neither a report nor a resend.
    pub fn repeat_from(&self, run: Run) -> u64 {
        let little = run.first > self.sent && run.end - run.first <= limits::REPEATED;
        if self.wary == 0 || !little {
            return run.first;
        }
        (run.first - limits::REPEATED.min(run.first)).max(self.acked + 1)
    }

    /// The number of the datagram that is to go now, with or without items; acknowledgements ride on it.
    pub fn next_packet(&mut self, now: Duration) -> PacketNumber {
        self.owed.settle();
        self.next_bare_packet(now)
    }

    /// The number of a datagram that is to go now and carries no acknowledgement: one that is owed stays so.
    pub fn next_bare_packet(&mut self, now: Duration) -> PacketNumber {
        self.last_packet = self.last_packet.saturating_add(1);
        self.sent_at = now.into();
        PacketNumber(self.last_packet)
    }

    /// Whether there is no further packet number: whatever goes now is taken for a copy.
    pub fn is_spent(&self) -> bool {
        self.last_packet == u64::MAX
    }

    /// The newest datagram carries `run`, which is the one of `poll_send` or a beginning of it. Gives whether it is to
    /// ask for an acknowledgement: because a quarter of the window is left after it, or nothing, or it is a resend.
    pub fn on_sent(&mut self, now: Duration, run: Run) -> bool {
        let again = run.first <= self.sent;
        if again {
            self.flights.resend(now, self.acked, run);
        } else {
            self.sent = run.end - 1;
            self.wary = self.wary.saturating_sub(1);
            self.flights.push(now, run);
        }
        let under_way = self.flights.under_way();
        let window = self.window.size();
        let nearly = (window * 3).div_ceil(4) - self.turn % (window / 4).max(1);
        let asks = again || under_way == window || under_way == nearly;
        // Until it is asked, the peer says nothing while datagrams flow: what it misses it reports at the next one.
        if !self.prompt_peer && !self.asked {
            self.rto_at = Moment::NEVER;
        }
        self.start_timer(now);
        self.asked |= asks;
        asks
    }

    /// The newest datagram asks for an answer though it carries no items.
    pub fn on_probe_sent(&mut self, now: Duration) {
        self.probing = true;
        self.probe_due = false;
        self.asked |= !self.flights.is_empty();
        self.start_timer(now);
    }

    /// An answer is wanted: send a probe.
    pub fn probe(&mut self) {
        self.probe_due = true;
    }

    /// Whether a datagram that asks for an answer is to be sent.
    pub fn is_probe_due(&self) -> bool {
        self.probe_due
    }

    /// The path is another one: what was under way on the old one is sent again at once.
    pub fn handle_path_change(&mut self) {
        self.flights.give_up(self.acked, self.gap_end);
        self.window.restart();
        // The round-trip time stays: most often only a port has changed (RFC 9000, section 9.4).
        self.backoff = 0;
        self.rto_at = Moment::NEVER;
        self.probe_due |= self.probing;
    }

    /// When [`Link::handle_timeout`] should be called next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.next_at().time()
    }

    /// The same as a moment.
    pub fn next_at(&self) -> Moment {
        self.rto_at.min(self.owed.at())
    }

    /// If the retransmission timeout has come, takes what is in flight for lost; whether there was something.
    pub fn handle_timeout(&mut self, now: Duration) -> bool {
        if self.rto_at > now.into() {
            return false;
        }
        self.rto_at = Moment::NEVER;
        self.asked = false;
        self.backoff = (self.backoff + 1).min(16);
        if self.flights.is_empty() {
            self.probe_due = self.probing;
            return false;
        }
        self.window.collapse(now);
        self.flights.give_up(self.acked, self.gap_end);
        true
    }

    fn start_timer(&mut self, now: Duration) {
        if self.rto_at == Moment::NEVER {
            self.rto_at = Moment::from(now).after(self.timeout());
        }
    }

    fn timeout(&self) -> Duration {
        let allowance = if self.prompt_peer {
            limits::ACK_PROMPT
        } else {
            limits::ACK_ALLOWANCE
        };
        let timeout = self.rtt.timeout(allowance);
        match self.backoff {
            0 => timeout,
            times => (timeout * (1 << times.min(8))).min(limits::RTO_MOST),
        }
    }
}
