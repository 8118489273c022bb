//! The server's numbers in a file, in the text format of Prometheus, for the textfile collector of its node exporter.

use super::console::Console;
use super::{Shared, files};
use crate::limits;
use crate::room::Stats;
use crate::text::screen::harmless_path;
use crossbeam_channel::Receiver;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// See the module.
pub(super) struct Metrics {
    pub(super) path: PathBuf,
    pub(super) console: Console,
}

impl Metrics {
    /// The thread: writes the file at once, then again and again, and once more when the room has ended.
    pub(super) fn run(self, shared: &Shared, ended: &Receiver<()>) {
        loop {
            let now = self
                .console
                .ask(|room, users, _| (room.stats(), users.len()));
            let Ok((stats, members)) = now else { break };
            self.write(shared, &stats, members);
            if !matches!(
                ended.recv_timeout(limits::METRICS_EVERY),
                Err(crossbeam_channel::RecvTimeoutError::Timeout)
            ) {
                break;
            }
        }
        let last = *shared.last.lock();
        self.write(shared, &last, 0);
    }

    fn write(&self, shared: &Shared, stats: &Stats, members: usize) {
        let text = text(shared, stats, members, shared.queue.len());
        // Its reader is another user.
        if let Err(error) = files::replace_with(&self.path, text.as_bytes(), 0o644) {
            log::error!(
                "cannot write --metrics {}: {error}",
                harmless_path(&self.path)
            );
        }
    }
}

fn text(shared: &Shared, stats: &Stats, members: usize, queue: usize) -> String {
    let mut text = String::new();
    let mut number = |name: &str, kind: &str, help: &str, value: String| {
        text += &format!(
            "# HELP chatroom_{name} {help}\n# TYPE chatroom_{name} {kind}\nchatroom_{name} {value}\n"
        );
    };
    let lost = shared.lost.load(Ordering::Relaxed);
    for (name, help, value) in [
        ("events_total", "Events in the log.", stats.events),
        (
            "deliveries_total",
            "Events that members have acknowledged.",
            stats.delivered,
        ),
        (
            "datagrams_received_total",
            "Datagrams handed to the room.",
            stats.received,
        ),
        ("datagrams_sent_total", "Datagrams sent.", stats.sent),
        (
            "resends_total",
            "Datagrams with events sent again.",
            stats.resent,
        ),
        (
            "received_bytes_total",
            "Bytes of datagrams handed to the room.",
            stats.bytes_received,
        ),
        (
            "sent_bytes_total",
            "Bytes of datagrams sent.",
            stats.bytes_sent,
        ),
        (
            "transcript_lost_total",
            "Events that the transcript could not take.",
            lost,
        ),
    ] {
        number(name, "counter", help, value.to_string());
    }
    number(
        "members",
        "gauge",
        "Members in the room.",
        members.to_string(),
    );
    number(
        "queue_depth",
        "gauge",
        "Datagrams that wait for the router.",
        queue.to_string(),
    );
    if let Some(seconds) = cpu_seconds() {
        number(
            "cpu_seconds_total",
            "counter",
            "Processor time.",
            seconds.to_string(),
        );
    }
    text + &drops(shared, stats)
}

/// The counts of what was dropped, by reason.
fn drops(shared: &Shared, stats: &Stats) -> String {
    let mut text = String::from(
        "# HELP chatroom_drops_total Datagrams that were dropped.\n# TYPE chatroom_drops_total counter\n",
    );
    for (reason, count) in [
        ("malformed", stats.malformed),
        ("forged", stats.forged),
        ("replayed", stats.replayed),
        ("stray", stats.stray),
        ("turned_away", stats.turned_away),
        ("unanswered", stats.dropped),
        ("overrun", shared.overrun()),
    ] {
        text += &format!("chatroom_drops_total{{reason=\"{reason}\"}} {count}\n");
    }
    text
}

/// User and system time, where `/proc` tells it: in hundredths of a second, whatever the kernel's own clock.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    let (user, system) = (next()?, next()?);
    Some((user + system) as f64 / 100.0)
}
