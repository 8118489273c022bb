//! How far the copy is, on a terminal. What always holds here: nothing is shown before a second has passed, and
//! nothing of it stays on the line; a terminal that cannot be written to is no reason to fail.

use std::time::{Duration, Instant};

use super::Watch;

/// A copy that takes less is over before anybody reads about it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows the progress of one copy on stderr.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    screen: screen::Screen,
}

impl Meter {
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
            screen: screen::Screen::default(),
        }
    }

    /// Clears the line.
    pub(super) fn finish(self) {
        self.screen.clear();
    }
}

impl Watch for Meter {
    fn tick(&self, copied: u64, total: u64) {
        let elapsed = self.started.elapsed();
        if is_due(elapsed) {
            self.screen.show(elapsed, copied, total);
        }
    }
}

pub(super) fn is_due(elapsed: Duration) -> bool {
    elapsed >= PATIENCE
}

#[cfg(not(feature = "terminal"))]
pub(super) mod screen {
    use std::io::{self, Write};
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::time::Duration;

    #[derive(Debug, Default)]
    pub(in crate::halfcopy) struct Screen {
        used: AtomicBool,
    }

    impl Screen {
        pub(super) fn show(&self, _elapsed: Duration, copied: u64, total: u64) {
            self.used.store(true, Relaxed);
            let _ = write!(io::stderr(), "\rhalfcopy: {:3} %", percent(copied, total));
        }

        pub(super) fn clear(&self) {
            if self.used.load(Relaxed) {
                let _ = write!(io::stderr(), "\r{:1$}\r", "", "halfcopy: 100 %".len());
            }
        }
    }

    /// Rounded down, so that 100 means done; an empty file is.
    pub(in crate::halfcopy) fn percent(copied: u64, total: u64) -> u64 {
        let percent = u128::from(copied) * 100 / u128::from(total.max(1));
        if total == 0 {
            100
        } else {
            u64::try_from(percent).unwrap_or(100).min(100)
        }
    }
}

#[cfg(feature = "terminal")]
pub(super) mod screen {
    use std::sync::OnceLock;
    use std::time::Duration;

    use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

    #[derive(Debug, Default)]
    pub(in crate::halfcopy) struct Screen {
        bar: OnceLock<ProgressBar>,
    }

    impl Screen {
        pub(super) fn show(&self, elapsed: Duration, copied: u64, total: u64) {
            let bar = self.bar.get_or_init(|| {
                let template =
                    "halfcopy: {percent:>3} % {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
                let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
                // A template is refused only for its syntax; the default one says less but serves.
                let style = ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                bar.with_style(style).with_elapsed(elapsed)
            });
            bar.set_position(copied);
        }

        pub(super) fn clear(&self) {
            if let Some(bar) = self.bar.get() {
                bar.finish_and_clear();
            }
        }
    }
}
