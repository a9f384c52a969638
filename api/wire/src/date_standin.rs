//! Stand-in until datamodel has `DateTime::parse` and `Display`: deleted when that is merged.

use xenith_datamodel::{DateTime, Zone};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

pub fn parse(text: &str) -> Option<DateTime> {
    let (date, rest) = text.split_once('T')?;
    let days = parse_date(date)?;
    let (clock, zone) = rest.split_at_checked("hh:mm:ss".len())?;
    Some(DateTime {
        wall_seconds: days * DAY + parse_clock(clock)?,
        zone: parse_zone(zone)?,
    })
}

pub fn text(time: DateTime) -> String {
    let (year, month, day) = civil_from_days(time.wall_seconds.div_euclid(DAY));
    let second = time.wall_seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / HOUR, second / MINUTE % 60, second % 60);
    let zone = match time.zone {
        Zone::Utc => "Z".to_owned(),
        Zone::Offset(minutes) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.unsigned_abs();
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
        Zone::Local => String::new(),
    };
    format!("{year:04}{month:02}{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
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
    if text.len() == width {
        digits(text)
    } else {
        None
    }
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
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
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
