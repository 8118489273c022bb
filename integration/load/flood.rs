//! A stranger who sends as fast as it is told to, from many addresses at once.

use super::crowd::{socket, source};
use crossbeam_channel::tick;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// See the module. Dropped, it ends.
pub struct Flood {
    ended: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
    began: Instant,
}

/// The first source that belongs to the stranger and not to the crowd.
const FIRST_SOURCE: usize = 1 << 20;

impl Flood {
    /// Sends so many datagrams a second from so many addresses, each as `make` makes it.
    pub fn start(
        server: SocketAddr,
        sources: usize,
        per_second: usize,
        mut make: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Flood {
        let sockets: Vec<UdpSocket> = (0..sources)
            .map(|number| socket(source(FIRST_SOURCE + number)).expect("a socket"))
            .collect();
        let (ended, sent) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (end, count) = (ended.clone(), sent.clone());
        let began = Instant::now();
        let thread = thread::spawn(move || {
            let ticks = tick(Duration::from_millis(1));
            while !end.load(Ordering::Acquire) && ticks.recv().is_ok() {
                let due = began.elapsed().as_micros() as u64 * per_second as u64 / 1_000_000;
                // What was missed is made up for, but not in one burst.
                let burst = (due - count.load(Ordering::Relaxed)).min(per_second as u64 / 250 + 1);
                for _ in 0..burst {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    let socket = &sockets[number as usize % sockets.len()];
                    let _ = socket.send_to(&make(number), server);
                }
            }
        });
        Flood {
            ended,
            sent,
            thread: Some(thread),
            began,
        }
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Ends it; gives how many were sent, and how many a second.
    pub fn end(mut self) -> (u64, f64) {
        self.stop();
        (
            self.sent(),
            self.sent() as f64 / self.began.elapsed().as_secs_f64(),
        )
    }

    fn stop(&mut self) {
        self.ended.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop();
    }
}
