//! Calendar arithmetic. Digistore24 sends wall-clock times without a zone; they are read as Europe/Berlin.
//!
//! That they are Berlin time is not stated by Digistore24 but follows from real messages. The rule is the European
//! Union's summer time (directive 2000/84/EC): from the last Sunday of March to the last of October, 01:00 UTC each.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset, Weekday};

/// Milliseconds since 1970 as `2026-11-23T09:30:00Z`.
pub fn iso_utc(ms: u64) -> String {
    iso(at(ms))
}

/// Milliseconds since 1970 as a moment in UTC.
pub fn at(ms: u64) -> OffsetDateTime {
    let seconds = i64::try_from(ms / 1000).unwrap_or_default();
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A moment as ISO 8601 with its offset.
pub fn iso(moment: OffsetDateTime) -> String {
    let (date, time, offset) = (moment.date(), moment.time(), moment.offset());
    let (h, m, s) = time.as_hms();
    let zone = zone(i32::from(offset.whole_minutes()));
    format!("{}T{h:02}:{m:02}:{s:02}{zone}", ymd(date))
}

fn zone(minutes: i32) -> String {
    match minutes {
        0 => "Z".to_owned(),
        _ => format!("{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60),
    }
}

/// The same time by the clock, `2026-11-23T09:30:00…`, where clocks are so far ahead of UTC.
pub fn with_offset(iso: &str, minutes: i32) -> String {
    iso.get(..19).unwrap_or(iso).to_owned() + &zone(minutes)
}

/// How far the clocks of Berlin are ahead of UTC at a moment (seconds since 1970), in minutes.
pub fn berlin_minutes(at: i64) -> i32 {
    let moment = OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    in_berlin(moment).offset().whole_minutes().into()
}

/// `2026-11-23`.
pub fn ymd(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Reads `2026-11-23`, alone or at the start of a longer text. `0000-00-00` and nonsense give nothing.
pub fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    let (year, rest) = text.split_at_checked(4)?;
    let (month, rest) = rest.strip_prefix('-')?.split_at_checked(2)?;
    let day = rest.strip_prefix('-')?.get(..2)?;
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let year: i32 = year.parse().ok()?;
    if year < 1900 {
        return None;
    }
    Date::from_calendar_date(year, month, day.parse().ok()?).ok()
}

/// Reads `2026-11-23 09:30:00` (or with `T`) as Berlin wall-clock time. In the hour that exists twice the first one is
/// meant, in the hour that doesn't exist the clock has gone forward.
pub fn parse_berlin(text: &str) -> Option<OffsetDateTime> {
    let date = parse_date(text)?;
    let clock = text.trim().get(11..)?;
    let mut parts = clock.splitn(3, ':').map(|p| p.trim().parse::<u8>());
    let (h, m, s) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next().unwrap_or(Ok(0)).ok()?);
    Some(berlin(PrimitiveDateTime::new(date, Time::from_hms(h, m, s).ok()?)))
}

/// Reads ISO 8601: `2026-11-23T09:30:00.000Z`, `…+01:00`, or a date alone (midnight in Berlin); and a time as Digistore24 writes
/// it, `2026-11-23 09:30:00`, which is Berlin's. Seconds since 1970.
pub fn parse_iso(text: &str) -> Option<i64> {
    let date = parse_date(text)?;
    let Some(rest) = text.get(10..).filter(|rest| !rest.is_empty()) else {
        return Some(berlin(date.with_time(Time::MIDNIGHT)).unix_timestamp());
    };
    let two = |at: usize| rest.get(at..at + 2).and_then(|n| n.parse::<u8>().ok());
    let wall = date.with_time(Time::from_hms(two(1)?, two(4)?, two(7).unwrap_or_default()).ok()?);
    let zone = rest
        .rfind(['+', '-'])
        .and_then(|at| Some((rest.get(at..at + 1)?, two(at + 1)?, two(at + 4).unwrap_or_default())));
    if zone.is_none() && rest.starts_with(' ') && !rest.ends_with('Z') {
        return Some(berlin(wall).unix_timestamp());
    }
    let minutes = zone.map_or(0, |(sign, h, m)| (i64::from(h) * 60 + i64::from(m)) * if sign == "-" { -1 } else { 1 });
    Some(wall.assume_utc().unix_timestamp() - minutes * 60)
}

/// Reads the time of an HTTP header, `Sun, 06 Nov 1994 08:49:37 GMT`. Seconds since 1970.
pub fn parse_http(text: &str) -> Option<i64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = text.split_ascii_whitespace().skip(1);
    let (day, month, year, clock) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.find(month).filter(|at| month.len() == 3 && at % 3 == 0)? / 3 + 1;
    parse_iso(&format!("{year}-{month:02}-{day:0>2}T{clock}Z"))
}

/// Gives a Berlin wall-clock time its offset.
pub fn berlin(wall: PrimitiveDateTime) -> OffsetDateTime {
    const SUMMER: UtcOffset = hours(2);
    const WINTER: UtcOffset = hours(1);
    let summer = wall.assume_offset(SUMMER);
    if is_summer(summer) {
        return summer;
    }
    let winter = wall.assume_offset(WINTER);
    // Between 02:00 and 03:00 on the March Sunday neither offset fits: as Python's zoneinfo (fold 0), keep the old one.
    winter
}

const fn hours(h: i8) -> UtcOffset {
    match UtcOffset::from_hms(h, 0, 0) {
        Ok(offset) => offset,
        Err(_) => UtcOffset::UTC,
    }
}

/// The moment in Berlin.
pub fn in_berlin(moment: OffsetDateTime) -> OffsetDateTime {
    moment.to_offset(if is_summer(moment) { hours(2) } else { hours(1) })
}

fn is_summer(moment: OffsetDateTime) -> bool {
    let year = moment.to_offset(UtcOffset::UTC).year();
    let change = |month| last_sunday(year, month).map(|d| d.with_time(Time::MIDNIGHT).assume_utc() + Duration::HOUR);
    matches!((change(Month::March), change(Month::October)), (Some(start), Some(end)) if start <= moment && moment < end)
}

fn last_sunday(year: i32, month: Month) -> Option<Date> {
    let last = Date::from_calendar_date(year, month, month.length(year)).ok()?;
    Some(last - Duration::days(i64::from(last.weekday().number_days_from_sunday())))
}

/// Reads `3 days`, `1 week`, `90 minutes`, `2 hours`: milliseconds.
pub fn span(text: &str) -> Option<u64> {
    let (count, unit) = text.trim().split_once(' ')?;
    let seconds = match unit.trim().trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        _ => return None,
    };
    Some(u64::from(count.parse::<u32>().ok()?) * seconds * 1000)
}

/// 09:00 Berlin time on the next working day (Monday to Friday) that is at least `days` days after `moment`.
pub fn next_working_morning(moment: OffsetDateTime, days: i64) -> OffsetDateTime {
    let nine = nine_on(working_day(in_berlin(moment).date(), days));
    berlin(PrimitiveDateTime::new(nine.date(), nine.time()))
}

/// The first day, Monday to Friday, that is at least so many days later.
pub fn working_day(date: Date, days: i64) -> Date {
    let mut date = date + Duration::days(days);
    while matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
        date += Duration::DAY;
    }
    date
}

/// Nine in the morning, as the clocks of UTC show it.
pub fn nine_on(date: Date) -> OffsetDateTime {
    date.with_time(Time::from_hms(9, 0, 0).unwrap_or(Time::MIDNIGHT)).assume_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_are_read_as_written() {
        assert_eq!(parse_iso("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_iso("1970-01-01T02:00:00.123+02:00"), Some(0));
        assert_eq!(parse_iso("1970-01-02T00:00:00-01:30"), Some(86_400 + 5_400));
        assert_eq!(parse_iso("2026-11-23"), parse_iso("2026-11-23T00:00:00+01:00"));
        for text in ["", "soon", "2026-13-01", "2026-11-23T", "2026-11-23T9", "2026-11-23Tü"] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_headers_are_read() {
        assert_eq!(parse_http("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for text in ["", "soon", "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov", "Sun, 40 Nov 1994 08:49:37 GMT", "120"]
        {
            assert_eq!(parse_http(text), None, "{text}");
        }
    }

    #[test]
    fn tasks_are_due_on_a_working_morning() {
        let due = |moment: &str, days| iso(next_working_morning(parse_berlin(moment).unwrap(), days));
        assert_eq!(due("2026-11-23 15:00:00", 1), "2026-11-24T09:00:00+01:00");
        assert_eq!(due("2026-11-20 15:00:00", 1), "2026-11-23T09:00:00+01:00", "Saturday becomes Monday");
        assert_eq!(due("2026-10-23 15:00:00", 1), "2026-10-26T09:00:00+01:00", "over the end of summer time");
        assert_eq!(with_offset("2026-10-26T09:00:00+01:00", -240), "2026-10-26T09:00:00-04:00");
    }
}
