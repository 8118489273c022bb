//! What is shown to an operator who asks.

use crate::cli::table::Verb;
use crate::room::{Figures, Stats};
use crate::text::{Lang, screen::harmless};
use std::time::Duration;

/// The answer to `/who`, as lines.
pub(super) fn who(figures: &[Figures], lang: Lang) -> String {
    let count = figures.len();
    let mut list = lang.pick(format!("{count} 人在线\n"), format!("{count} here\n"));
    for figures in figures {
        let (name, address) = (harmless(figures.name.as_str()), figures.address);
        let (minutes, lag) = (figures.stay.as_secs() / 60, figures.lag);
        let loss = format!("{}.{} %", figures.loss / 10, figures.loss % 10);
        let round_trip = figures.round_trip.map_or_else(|| "–".into(), milliseconds);
        list += &lang.pick(
            format!("{name}  {address}  滞后 {lag}  重发 {loss}  往返 {round_trip}  {minutes} 分钟\n"),
            format!("{name}  {address}  lag {lag}  resent {loss}  round trip {round_trip}  {minutes} min\n"),
        );
    }
    list
}

fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    if micros < 10_000 {
        format!("{}.{} ms", micros / 1000, micros / 100 % 10)
    } else {
        format!("{} ms", micros / 1000)
    }
}

/// The answer to `/stats`, as a line.
pub(super) fn numbers(stats: &Stats, members: usize, overrun: u64, lang: Lang) -> String {
    let counts = [
        ("成员", "members", members as u64),
        ("事件", "events", stats.events),
        ("送达", "delivered", stats.delivered),
        ("收到", "received", stats.received),
        ("发出", "sent", stats.sent),
        ("重发", "resent", stats.resent),
        ("残缺", "malformed", stats.malformed),
        ("伪造", "forged", stats.forged),
        ("重复", "repeated", stats.replayed),
        ("无主", "stray", stats.stray),
        ("拒之门外", "turned away", stats.turned_away),
        ("未能答复", "unanswered", stats.dropped),
        ("超速丢弃", "too fast", stats.too_fast),
        ("溢出", "overrun", overrun),
    ];
    let parts = counts.map(|(zh, en, count)| format!("{} {count}", lang.pick(zh, en)));
    parts.join("  ") + "\n"
}

/// The answer to `/help`, as lines.
pub(super) fn help(verbs: &[Verb], lang: Lang) -> String {
    let line = lang.pick(
        "直接输入：对所有人说话（//x 说 /x）\n",
        "a line is announced to everyone (//x announces /x)\n",
    );
    let mut help = line.to_owned();
    for verb in verbs {
        let head = format!("/{} {}", verb.name, verb.arguments);
        help += &format!("{head:<28}{}\n", verb.says.pick(lang));
    }
    help
}
