//! A bad network between one real client and the real server: a relay that loses, doubles, delays, reorders and
//! damages datagrams, is cut, and takes another address in mid-talk.

use crate::world::net::Faults;
use chatroom::limits;
use chatroom::link::Random;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a thread that waits for datagrams looks whether it is to end.
const POLL: Duration = Duration::from_millis(100);

/// Datagrams under way at most; more are lost.
const UNDER_WAY: usize = 4096;

/// See the module. Dropped, it ends.
pub(crate) struct Relay {
    shared: Arc<Shared>,
    /// Where the client finds the server.
    pub(crate) address: SocketAddr,
}

struct Shared {
    front: UdpSocket,
    server: SocketAddr,
    /// Whence the server hears the client; another one after each move.
    back: Mutex<Arc<UdpSocket>>,
    client: Mutex<Option<SocketAddr>>,
    faults: Mutex<Faults>,
    cut: AtomicBool,
    ended: AtomicBool,
    under_way: Sender<Datagram>,
}

struct Datagram {
    to_server: bool,
    bytes: Vec<u8>,
}

fn socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(POLL))?;
    Ok(socket)
}

impl Relay {
    pub(crate) fn new(server: SocketAddr, seed: u64, faults: Faults) -> io::Result<Relay> {
        let front = socket()?;
        let address = front.local_addr()?;
        let (under_way, arrivals) = bounded(UNDER_WAY);
        let back = Arc::new(socket()?);
        let shared = Arc::new(Shared {
            front,
            server,
            back: Mutex::new(back.clone()),
            client: Mutex::new(None),
            faults: Mutex::new(faults),
            cut: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            under_way,
        });
        thread::spawn({
            let shared = shared.clone();
            move || shared.hear_client()
        });
        thread::spawn({
            let shared = shared.clone();
            move || shared.hear_server(&back)
        });
        thread::spawn({
            let shared = shared.clone();
            move || shared.deliver(&arrivals, seed)
        });
        Ok(Relay { shared, address })
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *self.shared.faults.lock() = faults;
    }

    /// Lets nothing through, or lets it through again.
    pub(crate) fn cut(&self, cut: bool) {
        self.shared.cut.store(cut, Ordering::Release);
    }

    /// The client has another address from now on, and what goes to the old one is lost.
    pub(crate) fn change_address(&self) -> io::Result<()> {
        let back = Arc::new(socket()?);
        *self.shared.back.lock() = back.clone();
        let shared = self.shared.clone();
        thread::spawn(move || shared.hear_server(&back));
        Ok(())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
    }
}

impl Shared {
    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn hear_client(&self) {
        let mut buffer = vec![0; limits::RECEIVE_BUFFER];
        while !self.has_ended() {
            if let Ok((size, from)) = self.front.recv_from(&mut buffer) {
                *self.client.lock() = Some(from);
                self.take(true, &buffer[..size]);
            }
        }
    }

    fn hear_server(&self, back: &Arc<UdpSocket>) {
        let mut buffer = vec![0; limits::RECEIVE_BUFFER];
        while !self.has_ended() && Arc::ptr_eq(back, &self.back.lock()) {
            let received = back.recv_from(&mut buffer);
            // It may have been replaced meanwhile.
            if let (Ok((size, _)), true) = (received, Arc::ptr_eq(back, &self.back.lock())) {
                self.take(false, &buffer[..size]);
            }
        }
    }

    fn take(&self, to_server: bool, bytes: &[u8]) {
        if !self.cut.load(Ordering::Acquire) {
            let bytes = bytes.to_vec();
            // Full is lost.
            let _ = self.under_way.try_send(Datagram { to_server, bytes });
        }
    }

    /// Decides what becomes of each datagram, and delivers it when its time has come.
    fn deliver(&self, arrivals: &Receiver<Datagram>, seed: u64) {
        let mut random = Random::new(seed);
        let mut waiting: BTreeMap<(Instant, u64), Datagram> = BTreeMap::new();
        let mut count = 0;
        while !self.has_ended() {
            let now = Instant::now();
            while let Some(first) = waiting.first_entry().filter(|first| first.key().0 <= now) {
                self.pass_on(&first.remove());
            }
            let next = waiting.first_key_value().map(|((at, _), _)| *at - now);
            match arrivals.recv_timeout(next.unwrap_or(POLL).min(POLL)) {
                Ok(datagram) => {
                    let faults = *self.faults.lock();
                    for (delay, bytes) in faults.fate(&mut random, &datagram.bytes) {
                        count += 1;
                        let to_server = datagram.to_server;
                        waiting.insert((now + delay, count), Datagram { to_server, bytes });
                    }
                }
                Err(RecvTimeoutError::Timeout) => (),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn pass_on(&self, datagram: &Datagram) {
        // Whatever goes wrong is loss.
        if datagram.to_server {
            let back = self.back.lock().clone();
            let _ = back.send_to(&datagram.bytes, self.server);
        } else if let Some(client) = *self.client.lock() {
            let _ = self.front.send_to(&datagram.bytes, client);
        }
    }
}
