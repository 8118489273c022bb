//! Points in time as people write them: `2026-11-22T19:03:04Z` (RFC 3339, in UTC), and times such as `10m`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 60 * 60;

/// The wall clock, in milliseconds since 1970.
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as u64
}

/// Milliseconds since 1970, to the second. After Howard Hinnant's `civil_from_days`, whose years begin in March.
pub fn written(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000;
    let days = seconds / DAY + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let day = day - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The milliseconds since 1970 of what [`written`] writes.
pub fn read(text: &str) -> Option<u64> {
    let number = |at: usize, size: usize| -> Option<u64> {
        let digits = text.get(at..at + size)?;
        digits
            .bytes()
            .all(|digit| digit.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let years = year - u64::from(month <= 2);
    let (era, of_era) = (years / 400, years % 400);
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    let days = days.checked_sub(719_468)?;
    let unix_ms = (days * DAY + hour * 3600 + minute * 60 + second) * 1000;
    // What is no point in time at all is not written so either.
    (written(unix_ms) == text).then_some(unix_ms)
}

/// A time such as `30s`, `10m`, `2h` or `7d`.
pub fn time(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => DAY,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    // A hundred years are as good as for good.
    (1..=100 * 365 * DAY / seconds)
        .contains(&number)
        .then(|| Duration::from_secs(number * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_374_184, "2026-11-22T19:03:04Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(
                (written(seconds * 1000), read(text)),
                (text.into(), Some(seconds * 1000))
            );
        }
        for wrong in [
            "",
            "2026-11-22",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T19:03:04",
            "+026-11-22T19:03:04Z",
            "二026-11-22T19:03:04Z",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times() {
        for (text, seconds) in [("30s", 30), ("10m", 600), ("2h", 7200), ("7d", 7 * DAY)] {
            assert_eq!(time(text), Some(Duration::from_secs(seconds)));
        }
        for wrong in [
            "",
            "m",
            "10",
            "0m",
            "-1m",
            "1.5h",
            "10M",
            "十m",
            "99999999999d",
        ] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
