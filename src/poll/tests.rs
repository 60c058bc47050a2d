//! The engine against a simulated service, from a seed: items with equal times, late ones, changed and deleted ones, lists
//! that shift while they are read, failures, small budgets, hosts that forget to keep the cursor, clocks that differ.

use super::{Cursor, Spec, Walker, spec, walk};
use crate::json::{Json, Map, Value, json, parse, text};
use crate::paging::{self, Paging};
use crate::{catalog, clock};

/// Random numbers from a seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n.max(1)
    }
    fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }
}

/// A thing in the service's list: each state with the time that it names and the moment from which it shows.
#[derive(Debug)]
struct Thing {
    id: u64,
    states: Vec<(u64, u64)>,
    gone: Option<u64>,
}

impl Thing {
    /// The time that the list names at this moment.
    fn time(&self, now: u64) -> Option<u64> {
        if self.gone.is_some_and(|gone| gone <= now) {
            return None;
        }
        self.states.iter().rev().find(|(_, shows)| *shows <= now).map(|(time, _)| *time)
    }
}

/// How a service lists.
#[derive(Debug, Clone, Copy, PartialEq)]
enum List {
    /// Digistore24: pages of a time, in this order.
    ByTime(Order),
    /// Digistore24 without a time, pages.
    Pages(Order),
    /// HighLevel's search of contacts.
    Search,
    /// HighLevel's search of opportunities: pages, the newest first.
    Deals,
    /// HighLevel's search of tasks: skips.
    Skips,
    /// All at once.
    All,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    Up,
    Down,
    Mixed,
}

struct Service {
    list: List,
    things: Vec<Thing>,
    /// How far its clock is ahead of the host's.
    ahead: i64,
}

const SIZE: u64 = 4;

impl Service {
    fn named(&self, time: u64) -> u64 {
        time.checked_add_signed(self.ahead).unwrap()
    }

    fn answer(&self, input: &Value, now: u64) -> Value {
        let iso = |time: u64| clock::iso_utc(self.named(time) * 1000);
        let wall = |time: u64| walk::wall_clock(self.named(time));
        let mut rows: Vec<(u64, u64)> = self.things.iter().filter_map(|t| Some((t.time(now)?, t.id))).collect();
        rows.sort_unstable();
        let number = |name: &str| input[name].as_u64();
        match self.list {
            List::ByTime(order) | List::Pages(order) => {
                match order {
                    Order::Up => {}
                    Order::Down => rows.reverse(),
                    Order::Mixed => rows.sort_by_key(|(_, id)| id.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
                }
                if let Some(from) = input["from"].as_str() {
                    rows.retain(|(time, _)| wall(*time).as_str() >= from);
                }
                if let Some(to) = input["to"].as_str() {
                    rows.retain(|(time, _)| wall(*time).as_str() <= to);
                }
                let count = rows.len() as u64;
                let page = page(&rows, (number("page_no").unwrap() - 1) * SIZE, SIZE);
                let items: Vec<Value> =
                    page.iter().map(|(time, id)| json!({ "id": id, "created_at": wall(*time) })).collect();
                json!({ "purchase_list": items.clone(), "items": items, "item_count": count.to_string(), "page_count": count.div_ceil(SIZE).to_string() })
            }
            List::Search => {
                let from = input.pointer("/filters/0/value/gte").and_then(Value::as_str).unwrap();
                rows.retain(|(time, _)| iso(*time).as_str() >= from);
                if let Some(after) = input.get("searchAfter") {
                    let after = (after[0].as_u64().unwrap(), after[1].as_u64().unwrap());
                    rows.retain(|row| *row > after);
                }
                let contacts: Vec<Value> = page(&rows, 0, SIZE).iter().map(|(time, id)| {
                    json!({ "id": id.to_string(), "dateAdded": iso(*time), "dateUpdated": iso(*time), "searchAfter": [time, id] })
                }).collect();
                json!({ "contacts": contacts })
            }
            List::Deals => {
                rows.sort_by_key(|(_, id)| std::cmp::Reverse(*id));
                let count = rows.len();
                let page = page(&rows, (number("page").unwrap() - 1) * SIZE, SIZE);
                let deals: Vec<Value> = page
                    .iter()
                    .map(|(time, id)| json!({ "id": id.to_string(), "createdAt": iso(*time), "updatedAt": iso(*time) }))
                    .collect();
                json!({ "opportunities": deals, "meta": { "total": count } })
            }
            List::Skips => {
                rows.sort_by_key(|(_, id)| std::cmp::Reverse(*id));
                let page = page(&rows, number("skip").unwrap(), 2 * SIZE);
                json!({ "tasks": page.iter().map(|(_, id)| json!({ "_id": id.to_string() })).collect::<Vec<_>>() })
            }
            List::All => {
                let rows: Vec<Value> = rows.iter().map(|(_, id)| json!({ "id": id.to_string() })).collect();
                json!({ "etickets": rows })
            }
        }
    }

    /// The notes of a contact: one for each of its states.
    fn notes(&self, contact: &str, now: u64) -> Value {
        let thing = self.things.iter().find(|t| t.id.to_string() == contact).unwrap();
        let mut notes = Vec::new();
        for (i, (time, _)) in thing.states.iter().enumerate().filter(|(_, (time, _))| *time <= now) {
            let added = clock::iso_utc(self.named(*time) * 1000);
            notes.push(json!({ "id": format!("{contact}/{i}"), "dateAdded": added }));
        }
        json!({ "notes": notes })
    }
}

fn page(rows: &[(u64, u64)], from: u64, size: u64) -> &[(u64, u64)] {
    let from = (from as usize).min(rows.len());
    &rows[from..(from + size as usize).min(rows.len())]
}

struct Setting {
    trigger: &'static str,
    list: List,
    /// Items change, and each state is told.
    changes: bool,
    /// So many seconds late an item may show.
    late: u64,
    spoil: fn(&mut Spec, &mut Cursor),
}

const GOOD: fn(&mut Spec, &mut Cursor) = |_, _| {};

/// The spec as the catalog has it, with small pages.
fn spec_of(setting: &Setting) -> (Spec, Paging) {
    let poll = catalog::polled(setting.trigger).unwrap();
    let mut spec = Spec::read(poll.clone(), &Map::new()).unwrap_or_else(|| panic!("{}: {poll}", setting.trigger));
    let paging = match setting.list {
        List::Deals => json!({ "style": "page", "items": "opportunities", "page": "page", "size": "limit" }),
        List::Skips => json!({ "style": "skip", "items": "tasks", "limit": "limit", "skip": "skip" }),
        _ => catalog::find(&spec.operation).unwrap().paging.clone(),
    };
    let size = if setting.list == List::Skips { 2 * SIZE } else { SIZE };
    for name in ["page_size", "pageLimit", "limit"] {
        if spec.input.contains_key(name) {
            spec.input.insert(name.into(), size.into());
        }
    }
    if let List::ByTime(_) | List::Pages(_) = setting.list {
        spec.input.insert("page_size".into(), SIZE.into());
    }
    (spec, Paging::from_json(paging).unwrap_or_default())
}

/// One run: what went wrong, if anything.
fn simulate(setting: &Setting, (spec, paging): &(Spec, Paging), seed: u64) -> Result<(), String> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let hours = 3_600;
    // Every third run lies around the hour that exists twice: 25 October 2026, 01:00 UTC.
    let begin =
        if seed.is_multiple_of(3) { 1_792_890_000 - dice.below(4) * hours } else { 1_770_000_000 + dice.below(hours) };
    let numbers = spec.clock() == spec::Clock::Number;
    let from_now = numbers || spec.change || setting.list == List::Skips || dice.percent(50);
    let past = if setting.list == List::Skips { 12 * hours } else { 48 * hours };
    let length = 4 * hours;
    let mut service = Service { list: setting.list, things: Vec::new(), ahead: dice.below(600) as i64 - 300 };
    let count = 10 + dice.below(100);
    let mut times: Vec<u64> = Vec::new();
    for _ in 0..count {
        let again = dice.percent(30).then(|| times.last().copied()).flatten();
        times.push(again.unwrap_or_else(|| begin - past + dice.below(past + length)));
    }
    // Ids grow as things come.
    times.sort_unstable();
    for (id, time) in times.into_iter().enumerate() {
        let late = |dice: &mut Dice| if dice.percent(30) { dice.below(setting.late.max(1)) } else { 0 };
        let mut states = vec![(time, time + late(&mut dice))];
        while setting.changes && dice.percent(40) {
            let (last, shows) = states[states.len() - 1];
            let time = last.max(shows) + 1 + dice.below(2 * hours);
            states.push((time, time + late(&mut dice)));
        }
        let gone = dice.percent(10).then(|| states[0].1 + dice.below(length));
        service.things.push(Thing { id: 1_000 + id as u64, states, gone });
    }
    let end = service.things.iter().flat_map(|t| &t.states).map(|(_, shows)| *shows).max().unwrap_or_default();
    let chosen = Map::new();
    let start = begin - past / 2;
    let (mut now, trigger) = (begin, setting.trigger);
    let mut cursor = if from_now {
        super::start(trigger, spec, &chosen, now).unwrap()
    } else {
        let from = json!({ "from": clock::iso_utc(service.named(start) * 1000) });
        super::start(trigger, spec, from.as_object().unwrap(), now).unwrap()
    };
    let mut told: Vec<(String, bool)> = Vec::new();
    let mut learnt = if cursor.base { None } else { Some(begin) };
    let mut quiet = 0;
    let mut polls = 0;
    while quiet < 4 {
        polls += 1;
        if polls > 3_000 {
            return Err("it never ends".into());
        }
        let calm = now > end;
        let crash = !calm && dice.percent(15);
        let budget = if calm { 50 } else { 2 + dice.below(8) };
        let kept = parse(&text(&cursor.write())).unwrap();
        let mut spoilt = spec.clone();
        let mut read = Cursor::read(kept, trigger).map_err(|e| e.to_string())?;
        (setting.spoil)(&mut spoilt, &mut read);
        let mut walker = Walker::new(spoilt, paging.clone(), &chosen, read);
        let mut keys = Vec::new();
        for _ in 0..budget {
            let Some((operation, input)) = walker.next(now) else { break };
            if dice.percent(if calm { 0 } else { 5 }) {
                break;
            }
            let answer = match operation.as_str() {
                "ghl.contacts.getAllNotes" => service.notes(input["contactId"].as_str().unwrap(), now),
                _ => service.answer(&input, now),
            };
            now += dice.below(30);
            let found = walker.take(&answer, now).map_err(|e| e.to_string())?;
            keys.extend(found.into_iter().map(|one| one.key.join("|")));
        }
        for key in keys {
            if told.iter().any(|(before, is_kept)| *before == key && *is_kept) {
                return Err(format!("{key} was told twice"));
            }
            told.push((key, !crash));
        }
        if !crash {
            if learnt.is_none() && !walker.cursor.base {
                learnt = Some(now);
            }
            quiet += u32::from(calm && walker.done());
            cursor = walker.cursor;
        }
        now += if calm { 60 } else { 30 + dice.below(2_400) };
    }
    let learnt = learnt.ok_or("it never learnt what is there")?;
    let parts = |key: &str| key.split('|').map(str::to_owned).collect::<Vec<_>>();
    // An item in the hour that exists twice may be told though it is an hour too old.
    let doubt = |time: u64| u64::from(seed.is_multiple_of(3) && time >= start - hours) * hours;
    for thing in &service.things {
        let id = thing.id.to_string();
        for (i, (time, shows)) in thing.states.iter().enumerate() {
            let name = if spec.each.is_some() { format!("{id}/{i}") } else { id.clone() };
            let named = clock::iso_utc(service.named(*time) * 1000);
            let mine = |key: &str| {
                let parts = parts(key);
                parts[0] == name && (parts.len() == 1 || parts[1].starts_with('#') || parts[1] == named)
            };
            let times =
                told.iter().filter(|(key, _)| mine(key)).map(|(key, _)| key).collect::<std::collections::HashSet<_>>();
            let is_last = i + 1 == thing.states.len();
            let is_told = setting.changes || spec.each.is_some() || i == 0;
            // Of a thing that changes twice between two polls the last state counts.
            let wanted = is_told && thing.gone.is_none() && (is_last || spec.each.is_some() || !setting.changes);
            let after_start = if from_now { *shows > learnt } else { *time >= start };
            let before_start = if from_now { *shows + 900 < begin } else { *time + doubt(*time) < start };
            if wanted && after_start && times.is_empty() {
                return Err(format!("{name} of {named} was lost (shows {shows}, learnt {learnt})"));
            }
            if is_told && before_start && !times.is_empty() && !setting.changes {
                return Err(format!("{name} of {named} is old"));
            }
            if times.len() > 1 {
                return Err(format!("{name} has {} keys", times.len()));
            }
        }
    }
    Ok(())
}

fn settings() -> Vec<Setting> {
    let two_hours = 7_200 - 900;
    let mut all = Vec::new();
    for order in [Order::Up, Order::Down, Order::Mixed] {
        all.push(Setting {
            trigger: "digistore24.newPurchase",
            list: List::ByTime(order),
            changes: false,
            late: two_hours,
            spoil: GOOD,
        });
        all.push(Setting {
            trigger: "digistore24.newBuyer",
            list: List::Pages(order),
            changes: false,
            late: two_hours,
            spoil: GOOD,
        });
    }
    for (trigger, list, changes, late) in [
        ("ghl.newContact", List::Search, false, 1_100),
        ("ghl.updatedContact", List::Search, true, 1_100),
        ("ghl.newNote", List::Search, true, 0),
        ("ghl.newOpportunity", List::Deals, false, 1_100),
        ("ghl.opportunityChanged", List::Deals, true, 1_100),
        ("ghl.completedTask", List::Skips, false, 1_100),
        ("digistore24.newEticket", List::All, false, 0),
    ] {
        all.push(Setting { trigger, list, changes, late, spoil: GOOD });
    }
    all
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("SIMULATION_SEEDS").unwrap_or(60),
    }
}

#[test]
fn every_item_is_told_exactly_once() {
    for setting in settings() {
        let how = spec_of(&setting);
        for seed in seeds() {
            if let Err(problem) = simulate(&setting, &how, seed) {
                panic!("{} {:?}, SIMULATION_SEED={seed}: {problem}", setting.trigger, setting.list);
            }
        }
    }
}

/// The simulation finds what it is there for.
#[test]
fn without_overlap_or_memory_the_simulation_fails() {
    let caught = |spoil: fn(&mut Spec, &mut Cursor), problem: &str| {
        for setting in settings() {
            let spoilt = Setting { spoil, ..setting };
            if !matches!(spoilt.list, List::ByTime(_) | List::Search) {
                continue;
            }
            let how = spec_of(&spoilt);
            let found = (1..400).find_map(|seed| simulate(&spoilt, &how, seed).err().filter(|p| p.contains(problem)));
            if spoilt.late > 0 || problem != "lost" {
                assert!(found.is_some(), "{} {:?}: not {problem}", spoilt.trigger, spoilt.list);
            }
        }
    };
    caught(|spec, _| spec.overlap = 0, "lost");
    caught(|_, cursor| cursor.seen.retain(|_| false), "twice");
}

/// A walker of a trigger, with its own cursor.
fn walker(trigger: &str, cursor: Cursor) -> Walker {
    let spec = Spec::read(catalog::polled(trigger).unwrap(), &Map::new()).unwrap();
    let paging = Paging::from_json(catalog::find(&spec.operation).unwrap().paging.clone()).unwrap_or_default();
    Walker::new(spec, paging, &Map::new(), cursor)
}

const NOON: u64 = 1_795_431_600;

fn orders(rows: &[(u64, u64)], pages: u64) -> Value {
    let rows: Vec<Value> =
        rows.iter().map(|(id, time)| json!({ "id": id, "created_at": walk::wall_clock(*time) })).collect();
    json!({ "purchase_list": rows, "page_count": pages, "item_count": "9000" })
}

#[test]
fn a_cursor_is_small_and_survives_as_json() {
    let mut seen = super::cursor::Seen::default();
    for id in 0..500_u64 {
        seen.insert(paging::hash(&[id.to_string()]), NOON + id / 3);
    }
    let mut cursor = Cursor::new("digistore24.newPurchase", NOON, 0, false);
    cursor.seen = seen;
    cursor.walk = Some(super::cursor::Walk { page: 3, after: Some(json!([1, "x"])), ..Default::default() });
    let kept = text(&cursor.write());
    assert!(kept.len() < 500 * 16, "{} bytes", kept.len());
    assert_eq!(Cursor::read(parse(&kept).unwrap(), "digistore24.newPurchase").unwrap(), cursor);
}

/// More items at a time than there is room for: the overlap becomes shorter, and nothing is told twice.
#[test]
fn a_crowd_makes_the_overlap_shorter() {
    let crowd: Vec<(u64, u64)> = (0..3_000).map(|id| (id, NOON - 3_000 + id)).collect();
    let mut one = walker("digistore24.newPurchase", Cursor::new("digistore24.newPurchase", NOON - 7_200, 0, false));
    one.next(NOON).unwrap();
    assert_eq!(one.take(&orders(&crowd, 1), NOON).unwrap().len(), 3_000);
    assert!(one.done() && one.warning.is_some());
    assert_eq!(one.cursor.seen.len(), walk::KEYS);
    assert!(text(&one.cursor.write()).len() < 60_000);
    let mut two = walker("digistore24.newPurchase", one.cursor);
    two.next(NOON).unwrap();
    let mut again = crowd.clone();
    again.extend([(5_000, NOON - 100), (5_001, NOON)]);
    let found = two.take(&orders(&again, 1), NOON).unwrap();
    assert_eq!(found.iter().map(|one| one.key[0].as_str()).collect::<Vec<_>>(), ["5000", "5001"]);
}

/// A time far in the future is told, and moves nobody past what comes in between.
#[test]
fn a_time_in_the_future_moves_nobody() {
    let mut one = walker("digistore24.newPurchase", Cursor::new("digistore24.newPurchase", NOON - 7_200, 0, false));
    one.next(NOON).unwrap();
    assert_eq!(one.take(&orders(&[(1, NOON - 60), (2, NOON + 90 * 86_400)], 1), NOON).unwrap().len(), 2);
    assert!(one.cursor.low < NOON - 3_600);
    let mut two = walker("digistore24.newPurchase", one.cursor);
    two.next(NOON + 600).unwrap();
    assert_eq!(two.take(&orders(&[(2, NOON + 90 * 86_400), (3, NOON - 30)], 1), NOON + 600).unwrap().len(), 1);
}

/// A service that gives the same page for every number, and one that doesn't answer with a list.
#[test]
fn a_service_that_does_not_page_ends_the_pass() {
    let mut one = walker("digistore24.newBuyer", Cursor::new("digistore24.newBuyer", NOON - 7_200, 0, false));
    let buyers: Vec<Value> = (0..500).map(|id| json!({ "id": id, "created_at": walk::wall_clock(NOON) })).collect();
    let answer = json!({ "items": buyers });
    let (mut calls, mut found) = (0, 0);
    while one.next(NOON).is_some() {
        calls += 1;
        found += one.take(&answer, NOON).unwrap().len();
        assert!(calls < 20, "it never ends");
    }
    assert_eq!(found, 500);
    let mut two = walker("digistore24.newBuyer", one.cursor);
    two.next(NOON).unwrap();
    assert_eq!(two.take(&json!({ "buyers": [] }), NOON).unwrap_err().code(), crate::error::Code::MalformedResponse);
    assert!(two.take(&json!([]), NOON).unwrap().is_empty());
}

/// The first and the second 02:30 of 25 October 2026: both come after 02:15 of summer time, only one after 02:15 of winter time
/// for sure, and neither is left out.
#[test]
fn nothing_is_left_out_in_the_hour_that_exists_twice() {
    let first = 1_792_888_200; // 00:30 UTC, 02:30 in Berlin.
    for start in [first - 900, first + 2_700] {
        let cursor = Cursor::new("digistore24.newPurchase", start, start, false);
        let mut one = walker("digistore24.newPurchase", cursor);
        let (_, input) = one.next(first + 3_600).unwrap();
        assert!(input["from"].as_str().unwrap() <= "2026-10-25 02:15:00", "{input}");
        let found = one.take(&orders(&[(1, first), (2, first + 3_600)], 1), first + 3_600).unwrap();
        assert_eq!(found.len(), 2);
    }
}
