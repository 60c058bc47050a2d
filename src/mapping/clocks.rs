//! What time it is elsewhere. Planning is pure: what it has to know of a zone's clocks it asks for, and is done again with
//! the answers. UTC and Berlin it knows by itself.

use std::cell::RefCell;

use crate::clock;

/// Digistore24's zone, and what stands where nothing else is said.
pub(super) const BERLIN: &str = "Europe/Berlin";
const UTC: &str = "UTC";
/// The zone of the location.
pub(crate) const LOCATION: &str = "location";

/// How far clocks are ahead of UTC, as far as the host was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clocks(RefCell<Vec<Asked>>);

/// A zone, a moment (seconds since 1970), and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    zone: String,
    at: i64,
    /// `None`: nobody has answered yet. Where the host doesn't know the zone, Berlin's minutes.
    minutes: Option<i32>,
}

/// Whether a text names a zone, and is not a form of dates such as `DD/MM/YYYY`.
pub(super) fn is_zone(text: &str) -> bool {
    let is_form = || ["YYYY", "MM", "DD", "HH"].iter().any(|token| text.contains(token));
    matches!(text, UTC | LOCATION)
        || text.contains('/') && text.starts_with(|c: char| c.is_ascii_uppercase()) && !is_form()
}

impl Clocks {
    /// How far the zone's clocks are ahead of UTC at a moment (seconds since 1970), in minutes. What is not known is asked for;
    /// until then it is as in Berlin.
    pub(super) fn minutes(&self, zone: &str, at: i64) -> i32 {
        let berlin = || clock::berlin_minutes(at);
        match zone {
            UTC => 0,
            BERLIN => berlin(),
            _ => {
                let mut all = self.0.borrow_mut();
                let found = all.iter().find(|asked| asked.zone == zone && asked.at == at);
                let minutes = found.map(|asked| asked.minutes);
                if minutes.is_none() {
                    all.push(Asked { zone: zone.to_owned(), at, minutes: None });
                }
                minutes.flatten().unwrap_or_else(berlin)
            }
        }
    }

    /// The next question: a zone and a moment (seconds since 1970).
    pub(crate) fn question(&self) -> Option<(String, i64)> {
        self.0.borrow().iter().find(|asked| asked.minutes.is_none()).map(|asked| (asked.zone.clone(), asked.at))
    }

    /// Answers a question; nothing: as in Berlin.
    pub(crate) fn answer(&self, zone: &str, at: i64, minutes: Option<i32>) {
        for asked in self.0.borrow_mut().iter_mut().filter(|asked| asked.zone == zone && asked.at == at) {
            asked.minutes = Some(minutes.unwrap_or_else(|| clock::berlin_minutes(at)));
        }
    }
}
