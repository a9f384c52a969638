//! Points in time, their text and the calendar between the two. Pure arithmetic: never reads a clock.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A point in time at a resolution of one second, with the zone it was given in (semantics.md §1).
/// Equality is of the pair: the same instant in two zones is two values, as clients see two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DateTime {
    /// Seconds since 1970-01-01T00:00:00 on the clock of `zone`.
    pub wall_seconds: i64,
    pub zone: Zone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Zone {
    /// `Z`
    Utc,
    /// `+hh:mm`, in minutes.
    Offset(i16),
    /// Nothing: local time of a host.
    Local,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl DateTime {
    pub const EPOCH: DateTime = DateTime {
        wall_seconds: 0,
        zone: Zone::Utc,
    };

    pub const fn from_unix(seconds: i64) -> DateTime {
        DateTime {
            wall_seconds: seconds,
            zone: Zone::Utc,
        }
    }

    /// Seconds since the epoch. A time without zone is taken as UTC.
    pub const fn to_unix(self) -> i64 {
        match self.zone {
            Zone::Utc | Zone::Local => self.wall_seconds,
            Zone::Offset(minutes) => self.wall_seconds.saturating_sub(minutes as i64 * MINUTE),
        }
    }

    /// `YYYYMMDDThh:mm:ss` or `YYYY-MM-DDThh:mm:ss`, then `Z`, `+hh:mm`, `-hh:mm` or nothing.
    /// `None` for anything else: fractions of a second and days that no calendar has too.
    pub fn parse(text: &str) -> Option<DateTime> {
        let (date, rest) = text.split_once('T')?;
        let days = parse_date(date)?;
        let (clock, zone) = rest.split_at_checked("hh:mm:ss".len())?;
        Some(DateTime {
            wall_seconds: days * DAY + parse_clock(clock)?,
            zone: parse_zone(zone)?,
        })
    }
}

/// As servers write it: `20260821T02:00:23Z`. Years outside 0..=9999 are written with as many digits as they need.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.wall_seconds.div_euclid(DAY));
        let second = self.wall_seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / HOUR, second / MINUTE % 60, second % 60);
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match self.zone {
            Zone::Utc => f.write_str("Z"),
            Zone::Offset(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Zone::Local => Ok(()),
        }
    }
}

impl std::str::FromStr for DateTime {
    type Err = crate::ApiError;
    fn from_str(text: &str) -> Result<DateTime, crate::ApiError> {
        DateTime::parse(text).ok_or_else(|| crate::ApiError::invalid_value("datetime", text))
    }
}

fn parse_date(text: &str) -> Option<i64> {
    let (year, month, day) = match text.len() {
        8 => (
            digits(text.get(..4)?)?,
            digits(text.get(4..6)?)?,
            digits(text.get(6..)?)?,
        ),
        10 => {
            let mut parts = text.split('-');
            let parsed = (
                number(parts.next()?, 4)?,
                number(parts.next()?, 2)?,
                number(parts.next()?, 2)?,
            );
            if parts.next().is_some() {
                return None;
            }
            parsed
        }
        _ => return None,
    };
    let days = days_from_civil(year, month, day);
    // Going there and back finds months and days that do not exist.
    ((1..=12).contains(&month) && civil_from_days(days) == (year, month, day)).then_some(days)
}

fn parse_clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute, second) = (
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
    );
    // 60 is a leap second; it counts as the first second of the next minute.
    (parts.next().is_none() && hour < 24 && minute < 60 && second <= 60)
        .then_some(hour * HOUR + minute * MINUTE + second)
}

fn parse_zone(text: &str) -> Option<Zone> {
    let sign = match text.chars().next() {
        None => return Some(Zone::Local),
        Some('Z') => return (text == "Z").then_some(Zone::Utc),
        Some('+') => 1,
        Some('-') => -1,
        Some(_) => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    let offset = i16::try_from(hours * 60 + minutes).ok()?;
    (hours < 24 && minutes < 60).then_some(Zone::Offset(sign * offset))
}

fn number(text: &str, width: usize) -> Option<i64> {
    if text.len() == width { digits(text) } else { None }
}

/// Digits only: the standard parser would also take a sign.
fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is
/// the last day of its year; 400 years are one cycle.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * DAYS_PER_CYCLE + day_of_cycle - EPOCH_IN_CYCLES
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_IN_CYCLES;
    let cycle = days.div_euclid(DAYS_PER_CYCLE);
    let day_of_cycle = days.rem_euclid(DAYS_PER_CYCLE);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_cycle + cycle * 400 + i64::from(month <= 2);
    (year, month, day)
}

const DAYS_PER_CYCLE: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_IN_CYCLES: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_forms() {
        let at = |wall_seconds, zone| Some(DateTime { wall_seconds, zone });
        assert_eq!(DateTime::parse("19700101T00:00:00Z"), at(0, Zone::Utc));
        assert_eq!(DateTime::parse("2026-08-21T02:00:23Z"), at(1_787_277_623, Zone::Utc));
        assert_eq!(DateTime::parse("20260821T02:00:23Z"), at(1_787_277_623, Zone::Utc));
        assert_eq!(DateTime::parse("20260821T02:00:23"), at(1_787_277_623, Zone::Local));
        assert_eq!(
            DateTime::parse("20260821T02:00:23+01:30"),
            at(1_787_277_623, Zone::Offset(90))
        );
        assert_eq!(
            DateTime::parse("20260821T02:00:23-10:00"),
            at(1_787_277_623, Zone::Offset(-600))
        );
        assert_eq!(DateTime::parse("20000229T00:00:00Z"), at(951_782_400, Zone::Utc));
    }

    #[test]
    fn refused_text() {
        for text in [
            "",
            "T",
            "20260821",
            "20260821T02:00",
            "20260821T02:00:23.5Z",
            "20260821T02:00:23ZZ",
            "20260821T02:00:23+0100",
            "20260821T24:00:00Z",
            "20260230T00:00:00Z",
            "19000229T00:00:00Z",
            "20261301T00:00:00Z",
            "20260001T00:00:00Z",
            "2026-0821T00:00:00Z",
            "+2260821T00:00:00Z",
            "202608-1T00:00:00Z",
            "20260821 02:00:23Z",
            "2026082\u{e9}T02:00:23Z",
            "20260821T02:00:2\u{e9}Z",
        ] {
            assert_eq!(DateTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_taken_off() {
        let there = DateTime::parse("20260821T02:00:23+01:30").map(DateTime::to_unix);
        assert_eq!(there, DateTime::parse("20260821T00:30:23Z").map(DateTime::to_unix));
        assert_eq!(DateTime::from_unix(5).to_unix(), 5);
    }

    /// Every day from 1600 to 2400 by counting, against the formulas.
    #[test]
    fn calendar_against_counting() {
        let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let mut days = days_from_civil(1600, 1, 1);
        for year in 1600..2400 {
            for (month, length) in (1..).zip([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
                let length = if month == 2 && leap(year) { 29 } else { length };
                for day in 1..=length {
                    assert_eq!(civil_from_days(days), (year, month, day));
                    assert_eq!(days_from_civil(year, month, day), days);
                    days += 1;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn text_and_back(seconds in -62_167_219_200i64..=253_402_300_799, offset in -1439i16..=1439) {
            for zone in [Zone::Utc, Zone::Local, Zone::Offset(offset)] {
                let time = DateTime { wall_seconds: seconds, zone };
                prop_assert_eq!(DateTime::parse(&time.to_string()), Some(time));
            }
        }

        #[test]
        fn any_text_is_answered(text in "[0-9TZ:+-]{0,26}|.{0,30}") {
            if let Some(time) = DateTime::parse(&text) {
                prop_assert_eq!(DateTime::parse(&time.to_string()), Some(time));
            }
        }
    }
}
