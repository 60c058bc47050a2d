//! HighLevel as far as a client meets it: tokens that rotate, a rate, contacts with notes, tasks and tags.

use std::collections::{BTreeMap, VecDeque};

use ghl_digistore24::http::{Request, Response};
use ghl_digistore24::json::{Value, json, parse};

use super::rng::Rng;

/// A refresh token that was used gives the same pair again for so long (milliseconds).
const GRACE_MS: u64 = 30_000;
/// The service's rate.
const MAX: usize = 100;
const INTERVAL_MS: u64 = 10_000;

/// A contact, and what hangs on it. All that is written carries a marker of its own.
#[derive(Debug, Default)]
pub struct Contact {
    pub email: String,
    pub first_name: String,
    pub tags: Vec<String>,
    /// Marker and time.
    pub notes: Vec<(String, u64)>,
    pub tasks: Vec<(String, u64)>,
    created: u64,
}

#[derive(Debug)]
struct Pair {
    access: String,
    refresh: String,
}

/// How the service counts, and what it tells.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// A window that starts with its first request, or one that slides.
    pub fixed_window: bool,
    /// Whether it tells the rate in headers.
    pub headers: bool,
    /// How long an access token lives, in milliseconds.
    pub token_ms: u64,
}

#[derive(Debug)]
pub struct Service {
    pub manner: Manner,
    pub contacts: BTreeMap<String, Contact>,
    /// Requests that were too many.
    pub too_many: usize,
    pub refreshes: usize,
    /// Refresh tokens that were used up after their grace: an honest client never sends one.
    pub misused: usize,
    /// Access tokens with the end of their life.
    access: BTreeMap<String, u64>,
    current: Pair,
    used: BTreeMap<String, (u64, Pair)>,
    recent: VecDeque<u64>,
    window_start: u64,
    in_window: usize,
    ids: u64,
}

impl Service {
    pub fn new(manner: Manner, now: u64) -> Self {
        Self {
            manner,
            contacts: BTreeMap::new(),
            too_many: 0,
            refreshes: 0,
            misused: 0,
            access: BTreeMap::from([("access-0".to_owned(), now + manner.token_ms)]),
            current: Pair { access: "access-0".to_owned(), refresh: "refresh-0".to_owned() },
            used: BTreeMap::new(),
            recent: VecDeque::new(),
            window_start: 0,
            in_window: 0,
            ids: 0,
        }
    }

    /// All access tokens end now, as when somebody changes the app's scopes.
    pub fn expire(&mut self) {
        self.access.clear();
    }

    /// Somebody else uses the same token.
    pub fn contact(&mut self, email: &str, now: u64) -> String {
        self.ids += 1;
        let id = format!("c{}", self.ids);
        self.contacts.insert(id.clone(), Contact { email: email.to_owned(), created: now, ..Contact::default() });
        id
    }

    fn admits(&mut self, now: u64) -> bool {
        if self.manner.fixed_window {
            if now >= self.window_start + INTERVAL_MS {
                (self.window_start, self.in_window) = (now, 0);
            }
            self.in_window += 1;
            return self.in_window <= MAX;
        }
        while self.recent.front().is_some_and(|at| at + INTERVAL_MS <= now) {
            self.recent.pop_front();
        }
        if self.recent.len() >= MAX {
            return false;
        }
        self.recent.push_back(now);
        true
    }

    fn remaining(&self) -> usize {
        MAX.saturating_sub(if self.manner.fixed_window { self.in_window } else { self.recent.len() })
    }

    /// Carries out a request that has arrived.
    pub fn answer(&mut self, request: &Request, now: u64, rng: &mut Rng) -> Response {
        let path = request.url.trim_start_matches("https://ghl.test");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut headers = vec![("Date".to_owned(), http_date(now))];
        if path == "/oauth/token" {
            let (status, body) = self.token(request.body.as_deref().unwrap_or_default(), now);
            return Response { status, headers, body: body.to_string() };
        }
        let admitted = self.admits(now);
        if self.manner.headers {
            for (name, value) in [
                ("X-RateLimit-Max", MAX.to_string()),
                ("X-RateLimit-Interval-Milliseconds", INTERVAL_MS.to_string()),
                ("X-RateLimit-Remaining", self.remaining().to_string()),
                ("X-RateLimit-Limit-Daily", "200000".to_owned()),
                ("X-RateLimit-Daily-Remaining", "150000".to_owned()),
            ] {
                headers.push((name.to_owned(), value));
            }
        }
        let (status, body) = if !admitted {
            self.too_many += 1;
            (429, json!({ "statusCode": 429, "message": "Too Many Requests" }))
        } else if !self.knows(request, now) {
            let error = if rng.below(2) == 0 { "Invalid JWT" } else { "Invalid token: access token is invalid" };
            (401, json!({ "statusCode": 401, "message": error, "error": "Unauthorized" }))
        } else {
            self.route(request, path, query, now)
        };
        Response { status, headers, body: body.to_string() }
    }

    fn knows(&self, request: &Request, now: u64) -> bool {
        let token = request.headers.iter().find(|(name, _)| name == "authorization");
        let token = token.and_then(|(_, value)| value.strip_prefix("Bearer ")).unwrap_or_default();
        self.access.get(token).is_some_and(|end| now < *end)
    }

    fn token(&mut self, form: &str, now: u64) -> (u16, Value) {
        let field = |name: &str| form.split('&').find_map(|p| p.strip_prefix(&format!("{name}="))).unwrap_or_default();
        if field("grant_type") != "refresh_token"
            || field("client_id") != "client"
            || field("client_secret") != "secret"
        {
            return (400, json!({ "error": "invalid_request", "error_description": "Invalid parameter: grant_type" }));
        }
        let sent = field("refresh_token");
        if sent == self.current.refresh {
            self.refreshes += 1;
            self.ids += 1;
            let next = Pair { access: format!("access-{}", self.ids), refresh: format!("refresh-{}", self.ids) };
            let old = std::mem::replace(&mut self.current, next);
            self.access.insert(self.current.access.clone(), now + self.manner.token_ms);
            let same = Pair { access: self.current.access.clone(), refresh: self.current.refresh.clone() };
            self.used.insert(old.refresh, (now, same));
            return (200, self.pair(None));
        }
        match self.used.get(sent) {
            Some((at, _)) if *at + GRACE_MS >= now => (200, self.pair(Some(sent))),
            _ => {
                self.misused += 1;
                (
                    400,
                    json!({ "error": "invalid_grant", "error_description": "Invalid grant: refresh token is invalid" }),
                )
            }
        }
    }

    fn pair(&self, used: Option<&str>) -> Value {
        let pair = used.and_then(|u| self.used.get(u)).map_or(&self.current, |(_, pair)| pair);
        json!({
            "access_token": pair.access, "refresh_token": pair.refresh, "token_type": "Bearer",
            "expires_in": self.manner.token_ms / 1000, "scope": "contacts.readonly contacts.write",
            "userType": "Location", "locationId": "loc1", "companyId": "comp1", "userId": "u1",
        })
    }

    fn route(&mut self, request: &Request, path: &str, query: &str, now: u64) -> (u16, Value) {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let body: Value = request.body.as_deref().and_then(parse).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["contacts", "search", "duplicate"]) => {
                let email = query.split('&').find_map(|p| p.strip_prefix("email=")).unwrap_or_default();
                let email = email.replace("%40", "@");
                let found = self.contacts.iter().find(|(_, c)| c.email == email);
                (200, json!({ "contact": found.map(|(id, c)| show(id, c)) }))
            }
            ("POST", ["contacts"]) => {
                let email = text("email");
                if let Some((id, _)) = self.contacts.iter().find(|(_, c)| c.email == email) {
                    let meta = json!({ "contactId": id, "contactName": "x", "matchingField": "email" });
                    let message = "This location does not allow duplicated contacts.";
                    return (400, json!({ "statusCode": 400, "message": message, "meta": meta }));
                }
                let id = self.contact(&email, now);
                if let Some(contact) = self.contacts.get_mut(&id) {
                    contact.first_name = text("firstName");
                }
                (201, json!({ "contact": show(&id, &self.contacts[&id]) }))
            }
            (method, ["contacts", id, rest @ ..]) => {
                self.ids += 1;
                let fresh = format!("x{}", self.ids);
                let Some(contact) = self.contacts.get_mut(*id) else {
                    return (400, json!({ "statusCode": 400, "message": format!("Contact with id {id} not found") }));
                };
                match (method, rest) {
                    ("GET", []) => (200, json!({ "contact": show(id, contact) })),
                    ("PUT", []) => {
                        contact.first_name = text("firstName");
                        (200, json!({ "succeded": true, "contact": show(id, contact) }))
                    }
                    ("GET", ["notes"]) => (200, json!({ "notes": listed(&contact.notes, "body") })),
                    ("GET", ["tasks"]) => (200, json!({ "tasks": listed(&contact.tasks, "title") })),
                    ("POST", ["notes"]) => {
                        contact.notes.push((text("body"), now));
                        (201, json!({ "note": { "id": fresh, "body": text("body"), "dateAdded": iso(now) } }))
                    }
                    ("POST", ["tasks"]) => {
                        contact.tasks.push((text("title"), now));
                        let task = json!({ "id": fresh, "title": text("title"), "dueDate": text("dueDate"), "completed": false });
                        (201, json!({ "task": task }))
                    }
                    ("POST", ["tags"]) => {
                        for tag in body["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                            if !contact.tags.iter().any(|t| t == tag) {
                                contact.tags.push(tag.to_owned());
                            }
                        }
                        (201, json!({ "tags": contact.tags.clone() }))
                    }
                    _ => panic!("the fake doesn't know {method} {path}"),
                }
            }
            (method, _) => panic!("the fake doesn't know {method} {path}"),
        }
    }
}

fn show(id: &str, contact: &Contact) -> Value {
    json!({
        "id": id, "email": contact.email.as_str(), "firstName": contact.first_name.as_str(), "tags": contact.tags.clone(),
        "dateAdded": iso(contact.created),
    })
}

fn listed(items: &[(String, u64)], name: &str) -> Vec<Value> {
    let one = |(i, (marker, at)): (usize, &(String, u64))| {
        let mut item = json!({ "id": format!("i{i}"), "dateAdded": iso(*at), "completed": false });
        ghl_digistore24::json::put(item.as_object_mut().unwrap(), name, marker.as_str().into());
        item
    };
    items.iter().enumerate().map(one).collect()
}

fn date(ms: u64) -> time::UtcDateTime {
    time::UtcDateTime::from_unix_timestamp((ms / 1000) as i64).unwrap()
}

fn iso(ms: u64) -> String {
    let t = date(ms);
    let (d, h, m, s) = (t.date(), t.hour(), t.minute(), t.second());
    format!("{}-{:02}-{:02}T{h:02}:{m:02}:{s:02}.{:03}Z", d.year(), u8::from(d.month()), d.day(), ms % 1000)
}

fn http_date(ms: u64) -> String {
    let t = date(ms);
    let week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][usize::from(t.weekday().number_days_from_monday())];
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        [usize::from(u8::from(t.month()) - 1)];
    format!("{week}, {:02} {month} {} {:02}:{:02}:{:02} GMT", t.day(), t.year(), t.hour(), t.minute(), t.second())
}
