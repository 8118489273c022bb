//! Signals that ask the program to end.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// See the module.
#[derive(Debug)]
pub(in crate::client) struct Signals {
    flags: Vec<Arc<AtomicBool>>,
}

impl Signals {
    /// From now on they end nothing by themselves.
    pub(in crate::client) fn new() -> Signals {
        let catch = |signal| {
            let raised = Arc::new(AtomicBool::new(false));
            match flag::register(signal, raised.clone()) {
                Ok(_) => Some(raised),
                Err(error) => {
                    log::warn!("cannot catch signal {signal}: {error}");
                    None
                }
            }
        };
        Signals {
            flags: [SIGTERM, SIGHUP, SIGINT]
                .into_iter()
                .filter_map(catch)
                .collect(),
        }
    }

    /// How many different ones have come since this was asked last.
    pub(in crate::client) fn poll(&self) -> usize {
        let raised = self
            .flags
            .iter()
            .filter(|flag| flag.swap(false, Ordering::AcqRel));
        raised.count()
    }
}
