//! `--doctor`: what stands between here and a server, in plain lines, each with its remedy.
//!
//! What always holds here: nobody enters anything. What is sent is what anyone sends who would like to come in, few
//! enough that no server takes it for too much, and the server keeps nothing of it.

use super::find::{self, Search};
use super::{connect, screen};
use crate::cli::{self, ClientOptions, Exit};
use crate::limits;
use crate::text::{Lang, screen::harmless};
use crate::wire::{self, Datagram, Hello, Open, Refusal, Seek};
use std::io::{ErrorKind, Write};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// What the probes of one address came to.
#[derive(Debug)]
enum Finding {
    /// Nothing could be sent.
    Cut(std::io::Error),
    /// The machine says that nobody listens there.
    Closed,
    /// The server is of another version, or lets nobody in.
    Refused(Refusal),
    /// Something else listens there.
    Stranger,
    /// Small datagrams are answered, those of full size are not.
    Narrow,
    /// No answer at all.
    Silent,
    /// So many probes were not answered, and so long the others took, the shortest first.
    Answers(u32, Vec<Duration>),
}

/// Examines the server that was named, or those that are found.
pub(super) fn run(options: &ClientOptions) -> Exit {
    let lang = options.lang;
    let servers = match Search::wanted(&options.find, false) {
        None => vec![options.server.clone()],
        Some(search) => match find::rooms(&search, lang) {
            Ok(rooms) if rooms.is_empty() => {
                tell(&lang.pick(
                    format!("在本机和本地网络上没有找到聊天室：服务器是否已启动、是否用了 --no-discovery、防火墙是否放行 UDP 8888 与 28888？改查 {}", options.server),
                    format!("found no room on this machine or the local network: does the server run, without --no-discovery, and do firewalls let UDP 8888 and 28888 through? Trying {}", options.server),
                ));
                vec![options.server.clone()]
            }
            Ok(rooms) => {
                let found = lang.pick("找到聊天室：", "found a room: ");
                for room in &rooms {
                    tell(&format!("{found}{}", room.line(lang)));
                }
                let addresses = rooms.iter().map(|room| room.address.to_string());
                addresses.collect()
            }
            Err(exit) => return exit,
        },
    };
    let mut well = true;
    for server in servers {
        match examine(&server, lang) {
            Ok(good) => well &= good,
            Err(what) => return super::fail(Exit::Failure, &what),
        }
    }
    if well { Exit::Done } else { Exit::Unreachable }
}

/// Whether all is well with this server.
fn examine(server: &str, lang: Lang) -> Result<bool, String> {
    let shown = harmless(server);
    let addresses = match cli::resolve(server) {
        Ok(addresses) if !addresses.is_empty() => addresses,
        nothing => {
            let error = nothing.err().map(|error| format!("（{error}）"));
            let error = error.unwrap_or_default();
            tell(&lang.pick(
                format!("无法解析 {shown}{error}：请检查拼写和 DNS，或直接写 IP 地址，例如 192.168.1.5:8888"),
                format!("cannot resolve {shown} {error}: check its spelling and the DNS, or write an IP address such as 192.168.1.5:8888"),
            ));
            return Ok(false);
        }
    };
    // Like the client, which goes on to the next address of a name.
    for address in addresses {
        let finding = match connect(address) {
            Ok(socket) => probe(&socket, super::seed(lang)?),
            Err(error) => Finding::Cut(error),
        };
        let (what, well) = finding.told(lang);
        tell(&lang.pick(format!("{address}：{what}"), format!("{address}: {what}")));
        if well {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A line on stdout; if nobody reads it, nobody misses it.
fn tell(what: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{what}");
}

/// Sends the probes, and waits for what comes of them.
fn probe(socket: &UdpSocket, seed: u64) -> Finding {
    let nonce = |probe: u32| seed.wrapping_add(u64::from(probe));
    let mut probing = Probing {
        began: Instant::now(),
        seed,
        sent_at: Vec::new(),
        round_trips: vec![None; limits::PROBES as usize],
        strange: false,
        cut: None,
    };
    let mut bytes = Vec::new();
    while (probing.sent_at.len() as u32) < limits::PROBES {
        let number = probing.sent_at.len() as u32;
        bytes.clear();
        let nonce = nonce(number);
        wire::encode(&Open::Hello(Hello { nonce }), &mut bytes);
        probing.sent_at.push(probing.began.elapsed());
        if let Err(error) = socket.send(&bytes)
            && error.kind() != ErrorKind::ConnectionRefused
        {
            probing.cut = Some(error);
        }
        let until = limits::PROBE_PAUSE * (number + 1);
        if let Some(finding) = probing.listen(socket, until) {
            return finding;
        }
    }
    let until = probing.began.elapsed() + limits::PROBE_PATIENCE;
    if let Some(finding) = probing.listen(socket, until) {
        return finding;
    }
    let mut round_trips: Vec<Duration> = probing.round_trips.iter().flatten().copied().collect();
    round_trips.sort();
    match probing.cut {
        _ if !round_trips.is_empty() => {
            Finding::Answers(limits::PROBES - round_trips.len() as u32, round_trips)
        }
        Some(error) => Finding::Cut(error),
        None if probing.strange => Finding::Stranger,
        None if answers_small(socket, nonce(limits::PROBES)) => Finding::Narrow,
        None => Finding::Silent,
    }
}

/// Probes under way.
struct Probing {
    began: Instant,
    /// The nonce of the first; the others count on from there.
    seed: u64,
    sent_at: Vec<Duration>,
    round_trips: Vec<Option<Duration>>,
    /// Something came that is none of our datagrams.
    strange: bool,
    /// Sending failed.
    cut: Option<std::io::Error>,
}

impl Probing {
    /// Takes what comes until then, or until every probe is answered; gives what there is no need to go on after.
    fn listen(&mut self, socket: &UdpSocket, until: Duration) -> Option<Finding> {
        let mut buffer = [0; limits::DATAGRAM];
        loop {
            let complete = self.round_trips.iter().all(Option::is_some);
            let pause = until.saturating_sub(self.began.elapsed());
            if complete || pause.is_zero() {
                return None;
            }
            let pause = pause.max(Duration::from_millis(1));
            if let Err(error) = socket.set_read_timeout(Some(pause)) {
                return Some(Finding::Cut(error));
            }
            match socket.recv(&mut buffer) {
                Ok(size) => {
                    if let Some(finding) = self.handle(&buffer[..size]) {
                        return Some(finding);
                    }
                }
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    // A server that has answered may have ended, which the missing answers tell.
                    if self.round_trips.iter().all(Option::is_none) {
                        return Some(Finding::Closed);
                    }
                }
                Err(_) => (),
            }
        }
    }

    fn handle(&mut self, bytes: &[u8]) -> Option<Finding> {
        let now = self.began.elapsed();
        match wire::decode(bytes) {
            Ok(Datagram::Open(Open::Challenge(challenge))) => {
                let probe = self.probe_of(challenge.nonce)?;
                let sent_at = *self.sent_at.get(probe)?;
                self.round_trips[probe].get_or_insert(now.saturating_sub(sent_at));
                None
            }
            Ok(Datagram::Open(Open::Refused(refused))) => {
                self.probe_of(refused.nonce)?;
                Some(Finding::Refused(refused.reason))
            }
            _ => {
                self.strange = true;
                None
            }
        }
    }

    /// Which probe has this nonce.
    fn probe_of(&self, nonce: u64) -> Option<usize> {
        let probe = usize::try_from(nonce.wrapping_sub(self.seed)).ok()?;
        (probe < self.sent_at.len()).then_some(probe)
    }
}

/// Whether a small datagram is answered where large ones are not.
fn answers_small(socket: &UdpSocket, nonce: u64) -> bool {
    let (mut bytes, mut buffer) = (Vec::new(), [0; limits::SEEK]);
    wire::encode(&Open::Seek(Seek { nonce }), &mut bytes);
    for _ in 0..limits::SMALL_PROBES {
        let pause = Some(limits::PROBE_PATIENCE / limits::SMALL_PROBES);
        if socket.send(&bytes).is_err() || socket.set_read_timeout(pause).is_err() {
            return false;
        }
        if let Ok(size) = socket.recv(&mut buffer)
            && let Ok(Datagram::Open(Open::Found(found))) = wire::decode(&buffer[..size])
            && found.nonce == nonce
        {
            return true;
        }
    }
    false
}

impl Finding {
    /// What to say, with the remedy, and whether all is well.
    fn told(&self, lang: Lang) -> (String, bool) {
        let what = match self {
            Finding::Answers(lost, round_trips) => return answers(*lost, round_trips, lang),
            Finding::Cut(error) => lang.pick(
                format!("无法发送（{error}）：请检查本机是否已联网、地址是否在可达的网络里"),
                format!("cannot send ({error}): check that this machine is on a network that leads there"),
            ),
            Finding::Closed => lang.pick(
                "端口已关闭：机器在，但没有服务器在监听；请启动 chat-server，并检查端口和它的 --bind".into(),
                "the port is closed: the machine is there, but nobody listens; start chat-server, and check the port and its --bind".into(),
            ),
            Finding::Refused(refusal) => screen::refused(*refusal, lang).0,
            Finding::Stranger => lang.pick(
                "有程序应答，但说的不是这个协议：请检查端口；课程程序请用 --classic".into(),
                "something answers, but not in this protocol: check the port; for a course program use --classic".into(),
            ),
            Finding::Narrow => lang.pick(
                format!("小数据报有应答，{} 字节的没有：途中的网络不通过大数据报，请提高 VPN 或隧道的 MTU，或换用另一条网络", limits::DATAGRAM),
                format!("small datagrams are answered, those of {} bytes are not: raise the MTU of the VPN or tunnel on the way, or use another network", limits::DATAGRAM),
            ),
            Finding::Silent => lang.pick(
                format!("{} 次探测都没有应答：请检查地址、服务器是否已启动，以及两边的防火墙是否放行 UDP；访客 Wi-Fi 常隔离各台机器", limits::PROBES),
                format!("no answer to {} probes: check the address, that the server runs, and that the firewalls on both sides let UDP through; guest Wi-Fi often keeps machines apart", limits::PROBES),
            ),
        };
        (what, false)
    }
}

/// What to say of a server that answers.
fn answers(lost: u32, round_trips: &[Duration], lang: Lang) -> (String, bool) {
    let ms = |at: usize| {
        let trip = round_trips.get(at).copied().unwrap_or_default();
        format!("{:.1}", trip.as_secs_f64() * 1000.0)
    };
    let probes = limits::PROBES;
    let (least, middle) = (ms(0), ms(round_trips.len() / 2));
    let most = ms(round_trips.len().saturating_sub(1));
    let mut what = lang.pick(
        format!("有应答；{probes} 次探测丢失 {lost} 次；往返 {least} / {middle} / {most} 毫秒（最短 / 中位 / 最长）"),
        format!("answers; {lost} of {probes} probes lost; round trip {least} / {middle} / {most} ms (least, median, most)"),
    );
    let percent = lost * 100 / probes;
    let well = percent <= limits::LOSS_BORNE;
    what += if lost == 0 {
        ""
    } else if well {
        lang.pick(
            "。丢失的会重发；若用 Wi-Fi，靠近接入点或改用网线会更好",
            ". What is lost is sent again; on Wi-Fi, a place nearer to the access point or a cable helps",
        )
    } else {
        lang.pick(
            "。丢失太多，聊天会很慢：请靠近 Wi-Fi 接入点或改用网线，并看看网络是否拥塞",
            ". That is too much, talk will be slow: go nearer to the Wi-Fi's access point or use a cable, and see what else fills the network",
        )
    };
    let slow = round_trips.get(round_trips.len() / 2);
    if slow.is_some_and(|trip| *trip > limits::SLOW) {
        what += lang.pick(
            "。往返较慢：途中也许有 VPN 或拥塞的线路",
            ". The round trip is slow: there may be a VPN or a full line on the way",
        );
    }
    (what, well)
}
