//! Lists of a simulated service that change, lie and go round in circles.

use super::*;
use crate::catalog;
use crate::json::json;
use crate::paging::set as put_at;

/// A service with one list, in one order.
struct Service {
    rows: Vec<u64>,
    /// It gives at most so many at a time, whatever is asked for.
    cap: usize,
    requests: usize,
    /// What happens to the list before each answer.
    change: fn(&mut Vec<u64>, usize),
}

impl Service {
    fn new(count: u64) -> Self {
        Self { rows: (1..=count).collect(), cap: 1_000, requests: 0, change: |_, _| {} }
    }

    fn changing(count: u64, change: fn(&mut Vec<u64>, usize)) -> Self {
        Self { change, ..Self::new(count) }
    }

    fn answer(&mut self, pager: &Pager) -> Value {
        self.requests += 1;
        (self.change)(&mut self.rows, self.requests);
        let (paging, input) = (&pager.paging, pager.input());
        let number = |name: &str| input[name].as_u64().unwrap_or_default() as usize;
        let size = number(paging.size()).min(self.cap);
        let from = match pager.style {
            Style::Page => (number(paging.place().unwrap()) - pager.first as usize) * size,
            Style::Skip => number(paging.place().unwrap()),
            Style::SearchAfter => self.after(input["searchAfter"].at(0)),
            Style::StartAfter => self.after(input.get(paging.cursor.keys().next().unwrap())),
        };
        let page: Vec<u64> = self.rows.iter().skip(from).take(size).copied().collect();
        let rows: Vec<Value> = page.iter().map(|id| json!({ "id": id.to_string(), "searchAfter": [*id] })).collect();
        let mut answer = json!({});
        put_at(&mut answer, paging.items.as_deref().unwrap(), Value::Array(rows));
        let here = |path: &Option<String>, value: u64, answer: &mut Value| {
            if let Some(path) = path {
                put_at(answer, path, value.into());
            }
        };
        here(&paging.total, self.rows.len() as u64, &mut answer);
        here(&paging.count, self.rows.len().div_ceil(size) as u64, &mut answer);
        if let Some(path) = &paging.more {
            put_at(&mut answer, path, (from + size < self.rows.len()).into());
        }
        for (_, path) in &paging.cursor {
            let last = page.last().filter(|_| from + size < self.rows.len());
            put_at(&mut answer, path.as_str().unwrap(), last.copied().map_or(Value::Null, Value::from));
        }
        answer
    }

    fn after(&self, last: Option<&Value>) -> usize {
        let last = last.and_then(Value::as_u64).unwrap_or_default();
        self.rows.iter().position(|id| *id > last).unwrap_or(self.rows.len())
    }
}

/// What a host is told that keeps nothing but the cursor, as text.
fn list_by(service: &mut Service, operation: &Operation, input: Value, limit: Option<u64>) -> Result<Vec<u64>> {
    let mut told = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let left = limit.map(|limit| limit - told.len() as u64);
        let mut pager = Pager::new(operation, "loc1", input.clone(), cursor, left)?;
        let answer = service.answer(&pager);
        for item in pager.take(answer)? {
            told.push(item["id"].as_str().unwrap().parse().unwrap());
        }
        cursor = crate::json::parse(&text(&pager.cursor())).unwrap();
        if cursor.is_null() || limit == Some(told.len() as u64) {
            return Ok(told);
        }
        assert!(service.requests < 500, "no end");
    }
}

const BY_PAGE: &str = "ghl.opportunities.searchOpportunity";
const BY_PAGE_COUNT: &str = "digistore24.listBuyers";
const BY_SKIP: &str = "ghl.links.searchTriggerLinks";
const BY_SKIP_AND_TOTAL: &str = "ghl.payments.listOrders";
const BY_SEARCH_AFTER: &str = "ghl.contacts.searchContactsAdvanced";
const BY_START_AFTER: &str = "ghl.conversations.exportMessagesByLocation";
const BY_MORE: &str = "ghl.conversations.getMessages";
const ALL: [&str; 7] = [BY_PAGE, BY_PAGE_COUNT, BY_SKIP, BY_SKIP_AND_TOTAL, BY_SEARCH_AFTER, BY_START_AFTER, BY_MORE];

fn told(id: &str, service: &mut Service, limit: Option<u64>) -> Vec<u64> {
    list_by(service, &catalog::find(id).unwrap(), json!({}), limit).unwrap()
}

#[test]
fn every_list_of_the_catalog_is_told_whole_and_once() {
    let mut lists = 0;
    for entry in catalog::list(&catalog::Filter { brief: true, ..catalog::Filter::default() }).unwrap() {
        if entry["paging"].is_null() || entry["paging"]["items"] == "." {
            continue;
        }
        lists += 1;
        for count in [0, 1, 7, 100, 101, 1_000] {
            let mut service = Service::new(count);
            let id = entry["id"].as_str().unwrap();
            assert_eq!(told(id, &mut service, None), (1..=count).collect::<Vec<_>>(), "{id} {count}");
        }
    }
    assert!(lists > 60);
}

#[test]
fn there_is_no_request_after_the_end_is_known() {
    for (id, count, requests) in [
        (BY_PAGE, 250, 3),
        (BY_PAGE, 200, 2),
        (BY_PAGE_COUNT, 200, 2),
        (BY_PAGE_COUNT, 0, 1),
        (BY_SKIP_AND_TOTAL, 200, 2),
        (BY_SKIP_AND_TOTAL, 7, 1),
        (BY_SEARCH_AFTER, 1_000, 2),
        (BY_SEARCH_AFTER, 1_001, 3),
        (BY_SEARCH_AFTER, 0, 1),
        (BY_START_AFTER, 500, 1),
        (BY_MORE, 200, 2),
        // Without a total a full page may be followed by another, and so may a short one of a service that caps pages.
        (BY_SKIP, 150, 2),
    ] {
        let mut service = Service::new(count);
        told(id, &mut service, None);
        assert_eq!(service.requests, requests, "{id} {count}");
    }
}

#[test]
fn a_limit_cuts_exactly_and_the_cursor_goes_on_there() {
    for id in ALL {
        let operation = catalog::find(id).unwrap();
        for limit in [1, 3, 10, 99, 100, 130, 600] {
            let mut service = Service::new(512);
            let first = told(id, &mut service, Some(limit));
            assert_eq!(first, (1..=limit.min(512)).collect::<Vec<_>>(), "{id} {limit}");
            let (mut all, mut cursor) = (Vec::new(), Value::Null);
            loop {
                let mut pager = Pager::new(&operation, "loc1", json!({}), cursor, Some(limit)).unwrap();
                let answer = service.answer(&pager);
                let items = pager.take(answer).unwrap();
                assert!(items.len() as u64 <= limit, "{id}");
                all.extend(items.iter().map(|item| item["id"].as_str().unwrap().parse::<u64>().unwrap()));
                cursor = pager.cursor();
                if cursor.is_null() {
                    break;
                }
            }
            assert_eq!(all, (1..=512).collect::<Vec<_>>(), "{id} by {limit}");
        }
    }
    let mut service = Service::new(512);
    let operation = catalog::find(BY_SEARCH_AFTER).unwrap();
    let pager = Pager::new(&operation, "loc1", json!({}), Value::Null, Some(20)).unwrap();
    assert_eq!(pager.input()["pageLimit"].as_u64(), Some(20), "no more is asked for than is wanted");
    told(BY_SEARCH_AFTER, &mut service, Some(500));
    assert_eq!(service.requests, 1);
}

#[test]
fn what_moves_back_is_told_once_and_what_moves_forward_is_not_lost() {
    for id in ALL {
        // New ones at the front.
        let mut service = Service::changing(0, |rows, n| rows.insert(0, 1_000 - n as u64));
        service.rows = (1_001..=2_000).collect();
        let mut found = told(id, &mut service, None);
        found.retain(|one| *one > 1_000);
        assert_eq!(found, (1_001..=2_000).collect::<Vec<_>>(), "{id}: added");
    }
    for id in [BY_PAGE, BY_PAGE_COUNT, BY_SKIP, BY_SKIP_AND_TOTAL, BY_SEARCH_AFTER, BY_START_AFTER, BY_MORE] {
        // Every third request one is deleted that was told before.
        let mut service = Service::changing(1_000, |rows, n| {
            if n % 3 == 0 {
                rows.remove(n);
            }
        });
        let mut found = told(id, &mut service, None);
        let before = found.len();
        found.sort_unstable();
        found.dedup();
        let missing: Vec<u64> = (1..=1_000).filter(|one| !found.contains(one)).collect();
        assert_eq!((missing, before), (Vec::new(), 1_000), "{id}: deleted");
    }
}

#[test]
fn a_service_that_makes_smaller_pages_loses_nothing() {
    for id in [BY_SKIP, BY_SKIP_AND_TOTAL, BY_MORE] {
        let mut service = Service { cap: 20, ..Service::new(90) };
        assert_eq!(told(id, &mut service, None).len(), 90, "{id}");
    }
}

#[test]
fn a_service_that_knows_no_pages_ends() {
    for id in [BY_PAGE, BY_SKIP, BY_SKIP_AND_TOTAL] {
        let operation = catalog::find(id).unwrap();
        let mut cursor = Value::Null;
        let mut all = 0;
        for requests in 1.. {
            let mut pager = Pager::new(&operation, "loc1", json!({}), cursor, None).unwrap();
            let rows: Vec<Value> = (0..250).map(|id| json!({ "id": id })).collect();
            let mut answer = json!({});
            put_at(&mut answer, pager.paging.items.as_deref().unwrap(), Value::Array(rows));
            all += pager.take(answer).unwrap().len();
            cursor = pager.cursor();
            if cursor.is_null() {
                assert!(requests <= 2, "{id}");
                break;
            }
        }
        assert_eq!(all, 250, "{id}");
    }
}

#[test]
fn pages_that_go_round_in_circles_are_an_error() {
    for (id, circle) in [(BY_SEARCH_AFTER, 1), (BY_SEARCH_AFTER, 3), (BY_START_AFTER, 2), (BY_START_AFTER, 5)] {
        let operation = catalog::find(id).unwrap();
        let mut cursor = Value::Null;
        let mut error = None;
        for n in 0..40_u64 {
            let mut pager = Pager::new(&operation, "loc1", json!({}), cursor, None).unwrap();
            let at = n % circle;
            let rows: Vec<Value> =
                (0..500).map(|i| json!({ "id": at * 500 + i, "searchAfter": [at * 500 + i] })).collect();
            let mut answer = json!({ "nextCursor": at });
            put_at(&mut answer, pager.paging.items.as_deref().unwrap(), Value::Array(rows));
            error = pager.take(answer).err();
            if error.is_some() {
                break;
            }
            cursor = pager.cursor();
        }
        assert_eq!(error.unwrap().code(), Code::MalformedResponse, "{id} {circle}");
    }
}

#[test]
fn an_empty_page_in_the_middle_is_not_the_end() {
    for id in [BY_PAGE, BY_SKIP_AND_TOTAL, BY_SEARCH_AFTER] {
        let operation = catalog::find(id).unwrap();
        let mut service = Service::new(1_200);
        let (mut all, mut cursor) = (0, Value::Null);
        for n in 0..20 {
            let mut pager = Pager::new(&operation, "loc1", json!({}), cursor, None).unwrap();
            let mut answer = service.answer(&pager);
            if n == 1 {
                put_at(&mut answer, pager.paging.items.as_deref().unwrap(), json!([]));
            }
            all += pager.take(answer).unwrap().len();
            cursor = pager.cursor();
            if cursor.is_null() {
                break;
            }
        }
        assert!(cursor.is_null());
        assert_eq!(all, 1_200, "{id}");
    }
}

#[test]
fn a_cursor_is_of_one_list() {
    let operation = catalog::find(BY_PAGE).unwrap();
    let mut pager = Pager::new(&operation, "loc1", json!({ "q": "a" }), Value::Null, None).unwrap();
    let mut service = Service::new(300);
    let answer = service.answer(&pager);
    pager.take(answer).unwrap();
    let cursor = pager.cursor();
    let with = |id: &str, location: &str, input: Value, cursor: Value| {
        let operation = catalog::find(id).unwrap();
        Pager::new(&operation, location, input, cursor, None).map_err(|e| e.details().fields[0].path.clone())
    };
    assert!(with(BY_PAGE, "loc1", json!({ "q": "a" }), cursor.clone()).is_ok());
    for (id, location, q) in [(BY_PAGE, "loc1", "b"), (BY_PAGE, "loc2", "a"), (BY_SKIP, "loc1", "a")] {
        assert_eq!(with(id, location, json!({ "q": q }), cursor.clone()).unwrap_err(), "cursor");
    }
    assert_eq!(with(BY_PAGE, "loc1", json!({ "q": "a" }), json!({ "v": 2 })).unwrap_err(), "cursor");
    assert_eq!(with(BY_PAGE, "loc1", json!({ "q": "a" }), json!("x")).unwrap_err(), "cursor");
    assert_eq!(with("ghl.contacts.getContact", "loc1", json!({}), Value::Null).unwrap_err(), "operation");
    assert_eq!(with(BY_SEARCH_AFTER, "loc1", json!({ "page": 2 }), Value::Null).unwrap_err(), "page");
}
