//! When something happened, by the server's clock and in this place's time.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// See the module.
#[derive(Debug)]
pub(super) struct Clock {
    zone: TimeZone,
    day: Option<Date>,
}

impl Clock {
    /// A clock of the place that the environment names.
    pub(super) fn new() -> Clock {
        Clock {
            zone: TimeZone::system(),
            day: None,
        }
    }

    /// Hour and minute of this moment; and the day, if it is another than that of the moment before.
    pub(super) fn read(&mut self, unix_ms: u64) -> (String, Option<String>) {
        let moment = i64::try_from(unix_ms)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let now = moment
            .unwrap_or_else(Timestamp::now)
            .to_zoned(self.zone.clone());
        let day = now.date();
        let before = self.day.replace(day);
        let other = before.is_some_and(|before| before != day);
        (time(&now), other.then(|| day.to_string()))
    }
}

fn time(now: &Zoned) -> String {
    format!("{:02}:{:02}", now.hour(), now.minute())
}

/// This moment in milliseconds since 1970, by this machine's clock.
pub(super) fn unix_ms() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default()
}
