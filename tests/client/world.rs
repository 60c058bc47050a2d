//! Processes with clocks of their own, a store that they share, a network that fails, and a service: as events in time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use ghl_digistore24::json::{Value, json, parse};
use ghl_digistore24::{
    effects::{Answer, Effect, Outgoing, Reply, Step, StepInput, Task},
    http::{Failure, Request, Response},
    plugin::Plugin,
};

use super::rng::Rng;
use super::service::Service;
use super::store::{self, Entries};

/// What goes wrong on the way to the service and back. Chances in percent, of each request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// The connection is refused.
    pub refused: u64,
    /// Nothing arrives; the client waits in vain.
    pub lost_before: u64,
    /// It arrives and is carried out; the answer is lost: at once, or after the client's patience.
    pub lost_after: u64,
    /// The connection ends; the request is carried out up to so many milliseconds later.
    pub late_ms: u64,
    /// Of each request, that it is late.
    pub late: u64,
    /// 5xx, nothing is done.
    pub broken_before: u64,
    /// 5xx though it was carried out.
    pub broken_after: u64,
    /// 429 without a reason: somebody else used the rate.
    pub limited: u64,
    /// The answer is HTML of a proxy, or cut off.
    pub garbled: u64,
    /// A contact is created and the answer is 422.
    pub created_422: u64,
    /// All access tokens expire.
    pub expired: u64,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Done(Value),
    Failed(Value),
    /// Its process died.
    Died,
}

#[derive(Debug)]
enum Happening {
    /// A call begins.
    Begin { call: usize },
    /// A request reaches the service; `answers` says whether its answer finds the way back.
    Arrive { call: usize, id: u32, request: Request, fate: Fate },
    /// An answer is there.
    Answer { call: usize, id: u32, result: Reply },
}

/// What becomes of a request that arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    /// The answer is replaced by this status.
    Status(u16),
    Garbled,
    Unheard,
}

struct Running {
    process: usize,
    task: Option<Task>,
    answers: Vec<Answer>,
    end: Option<End>,
}

/// One process: a plugin and a clock that is wrong by `skew` milliseconds.
pub struct Process {
    pub plugin: Plugin,
    pub skew: i64,
}

pub struct World {
    pub now: u64,
    pub service: Service,
    pub faults: Faults,
    pub processes: Vec<Process>,
    pub logs: Vec<Value>,
    /// Requests that were sent.
    pub sent: usize,
    rng: Rng,
    /// Answers for the present refresh token that didn't come.
    unheard: (String, u32),
    entries: Entries,
    version: u64,
    calls: Vec<Running>,
    happenings: BinaryHeap<Reverse<(u64, u64)>>,
    waiting: BTreeMap<u64, Happening>,
    next: u64,
}

impl World {
    pub fn new(seed: u64, service: Service, now: u64) -> Self {
        Self {
            now,
            service,
            faults: Faults::default(),
            processes: Vec::new(),
            logs: Vec::new(),
            sent: 0,
            rng: Rng::new(seed),
            unheard: (String::new(), 0),
            entries: BTreeMap::new(),
            version: 0,
            calls: Vec::new(),
            happenings: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            next: 0,
        }
    }

    /// Starts a call after so many milliseconds; gives its number.
    pub fn call(&mut self, process: usize, after: u64, method: &str, args: &Value) -> usize {
        let task = self.processes[process].plugin.start(method, &args.to_string(), Vec::new());
        self.calls.push(Running { process, task: Some(task), answers: Vec::new(), end: None });
        let call = self.calls.len() - 1;
        self.plan(after, Happening::Begin { call });
        call
    }

    /// How a call ended.
    pub fn end(&self, call: usize) -> &End {
        self.calls[call].end.as_ref().expect("the call has ended")
    }

    /// Kills a process: its calls end in the middle of what they do. The plugin that takes its place starts anew.
    pub fn kill(&mut self, process: usize, plugin: Plugin) {
        for call in self.calls.iter_mut().filter(|c| c.process == process && c.end.is_none()) {
            (call.task, call.end) = (None, Some(End::Died));
        }
        self.processes[process].plugin = plugin;
    }

    /// Lets time pass until all calls have ended, or until `until`. Late requests arrive, too.
    pub fn run(&mut self, until: Option<u64>) {
        for _ in 0..100_000 {
            let Some(Reverse((at, number))) = self.happenings.peek().copied() else { break };
            if until.is_some_and(|end| at > end) {
                break;
            }
            self.happenings.pop();
            self.now = self.now.max(at);
            let happening = self.waiting.remove(&number).unwrap();
            self.happen(happening);
        }
        if let Some(end) = until {
            self.now = self.now.max(end);
        }
        assert!(until.is_some() || self.happenings.is_empty(), "it doesn't end");
    }

    fn plan(&mut self, after: u64, happening: Happening) {
        self.next += 1;
        self.happenings.push(Reverse((self.now + after, self.next)));
        self.waiting.insert(self.next, happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Begin { call } => self.step(call),
            Happening::Answer { call, id, result } => {
                if std::env::var("SIMULATION_TRACE").is_ok()
                    && !matches!(result, Reply::Values { .. } | Reply::Committed { .. })
                {
                    eprintln!(
                        "{} p{} call {call} <- {}",
                        self.now - 1_795_000_000_000,
                        self.calls[call].process,
                        format!("{result:?}").chars().take(160).collect::<String>()
                    );
                }
                self.calls[call].answers.push(Answer { id, result });
                self.step(call);
            }
            Happening::Arrive { call, id, request, fate } => {
                if let Fate::Status(429) = fate {
                    let told = self.service.manner.headers && self.rng.chance(50);
                    let headers = if told { vec![("Retry-After".to_owned(), "3".to_owned())] } else { Vec::new() };
                    let body = json!({ "statusCode": 429, "message": "Too Many Requests" }).to_string();
                    return self.answer(call, id, Reply::Http(Response { status: 429, headers, body }));
                }
                let mut response = self.service.answer(&request, self.now, &mut self.rng);
                match fate {
                    Fate::Unheard => return,
                    // Only what was carried out can have such an answer.
                    Fate::Status(status) if response.status < 300 => {
                        let body = json!({ "statusCode": status, "message": ["Unprocessable Entity"] }).to_string();
                        response = Response { status, headers: response.headers, body };
                    }
                    Fate::Garbled if self.rng.chance(50) => {
                        response.body = "<html><body>Bad gateway {".to_owned();
                    }
                    Fate::Garbled => {
                        response.body.truncate(response.body.len() / 2);
                    }
                    Fate::Answered | Fate::Status(_) => {}
                }
                self.answer(call, id, Reply::Http(response));
            }
        }
    }

    fn answer(&mut self, call: usize, id: u32, result: Reply) {
        let after = 5 + self.rng.below(60);
        self.plan(after, Happening::Answer { call, id, result });
    }

    fn step(&mut self, number: usize) {
        let call = &mut self.calls[number];
        let Some(task) = call.task.as_mut() else { return };
        let now = self.now.saturating_add_signed(self.processes[call.process].skew);
        let input = StepInput { now, seed: self.rng.below(1 << 32) as u32, answers: std::mem::take(&mut call.answers) };
        let end = match task.step(input) {
            Step::Effects(effects) => {
                let quiet = effects.iter().all(|e| e.id == 0);
                for Outgoing { id, effect } in effects {
                    self.perform(number, id, effect);
                }
                if quiet {
                    self.step(number);
                }
                return;
            }
            Step::Done(text) => End::Done(parse(&text).unwrap()),
            Step::Failed(error) => End::Failed(error.to_json()),
        };
        let call = &mut self.calls[number];
        (call.task, call.end) = (None, Some(end));
    }

    fn perform(&mut self, call: usize, id: u32, effect: Effect) {
        let result = match effect {
            Effect::Zone { .. } => Reply::Offset(None),
            Effect::Http(request) => return self.send(call, id, request),
            Effect::Sleep { ms } => return self.plan(ms, Happening::Answer { call, id, result: Reply::Slept }),
            Effect::Get { keys } => Reply::Values { entries: store::get(&self.entries, &keys), now: self.now },
            Effect::List { prefix, after, limit } => {
                Reply::Values { entries: store::list(&self.entries, &prefix, after.as_ref(), limit), now: self.now }
            }
            Effect::Commit { writes } => {
                let ok = store::commit(&mut self.entries, &mut self.version, writes);
                Reply::Committed { ok, version: self.version, now: self.now }
            }
            Effect::Event(_) => return,
            Effect::Log { level, message, fields, .. } => {
                self.logs.push(json!({ "level": format!("{level:?}"), "message": message, "fields": fields }));
                return;
            }
        };
        let after = self.rng.below(4);
        self.plan(after, Happening::Answer { call, id, result });
    }

    fn send(&mut self, call: usize, id: u32, request: Request) {
        self.sent += 1;
        let trace = std::env::var("SIMULATION_TRACE").is_ok();
        let mut f = self.faults;
        if request.url.ends_with("/oauth/token") {
            // The fault model: of the requests with one refresh token not more than two stay without a good answer. The
            // service gives 30 seconds; whoever hears nothing for that long has lost the token, and nobody can help it.
            let token = request.body.clone().unwrap_or_default();
            if self.unheard.0 != token {
                self.unheard = (token, 0);
            }
            if self.unheard.1 >= 2 {
                f = Faults::default();
            }
            self.unheard.1 += 1;
        }
        if self.rng.chance(f.expired) {
            self.service.expire();
        }
        let patience = request.timeout_ms;
        let is_contact = request.method == "POST" && request.url.ends_with("/contacts/");
        let travel = self.rng.below(60);
        let mut dice = self.rng.below(100);
        let mut falls = |chance: u64| {
            let hit = dice < chance;
            dice = dice.wrapping_sub(chance);
            if !hit && dice > 100 {
                dice = 100;
            }
            hit
        };
        let lost = |reason| Reply::HttpError { reason };
        if trace {
            eprintln!(
                "{} p{} call {call}: {} {} {:?} dice",
                self.now - 1_795_000_000_000,
                self.calls[call].process,
                request.method,
                request.url,
                request.body
            );
        }
        if falls(f.refused) {
            return self.plan(travel, Happening::Answer { call, id, result: lost(Failure::Refused) });
        }
        if falls(f.lost_before) {
            return self.plan(patience, Happening::Answer { call, id, result: lost(Failure::Timeout) });
        }
        if falls(f.lost_after) {
            self.plan(travel, Happening::Arrive { call, id, request, fate: Fate::Unheard });
            let (after, reason) =
                if self.rng.chance(50) { (travel + 20, Failure::Lost) } else { (patience, Failure::Timeout) };
            return self.plan(after, Happening::Answer { call, id, result: lost(reason) });
        }
        if falls(f.late) {
            let later = self.rng.below(f.late_ms.max(1));
            self.plan(travel + later, Happening::Arrive { call, id, request, fate: Fate::Unheard });
            return self.plan(travel, Happening::Answer { call, id, result: lost(Failure::Lost) });
        }
        if falls(f.broken_before) {
            let status = [500, 502, 503][self.rng.below(3) as usize];
            let response = Response { status, headers: Vec::new(), body: "oops".to_owned() };
            return self.plan(travel + 20, Happening::Answer { call, id, result: Reply::Http(response) });
        }
        let fate = if falls(f.broken_after) {
            Fate::Status([500, 502, 503][self.rng.below(3) as usize])
        } else if falls(f.limited) {
            Fate::Status(429)
        } else if falls(f.garbled) {
            Fate::Garbled
        } else if falls(f.created_422) && is_contact {
            Fate::Status(422)
        } else {
            Fate::Answered
        };
        self.plan(travel, Happening::Arrive { call, id, request, fate });
    }
}
