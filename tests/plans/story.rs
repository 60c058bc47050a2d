//! Tells messages to the plugin, one after the other, and writes down what it does about them.

use ghl_digistore24::json::{Value, json};
use ghl_digistore24::plugin::Plugin;

use crate::support::{World, call, event};

/// One course of events.
pub struct Story {
    text: String,
    pub world: World,
    plugin: Plugin,
}

impl Story {
    /// Under the default mapping.
    pub fn new(title: &str) -> Self {
        Self::under(title, json!({}))
    }

    /// Under a mapping.
    pub fn under(title: &str, mapping: Value) -> Self {
        let rule = if mapping == json!({}) { String::new() } else { format!("mapping: {mapping}\n") };
        Self { text: format!("# {title}\n{rule}"), world: World::new(), plugin: plugin(mapping) }
    }

    /// What came before: the message and what became of it in one line.
    #[must_use]
    pub fn before(mut self, message: Value) -> Self {
        let report = self.apply(&message);
        self.text += &format!("before: {}: {}\n", params(&message), changes(&report).join(", "));
        self
    }

    /// The message that the story is about: everything.
    #[must_use]
    pub fn then(mut self, message: Value) -> Self {
        let report = self.apply(&message);
        self.text += &format!("\n> {}\n", params(&message));
        let lines = self.lines(&report);
        for line in lines {
            self.text += &format!("  {line}\n");
        }
        self
    }

    /// Waits until a Berlin noon.
    #[must_use]
    pub fn on(mut self, day: &str) -> Self {
        self.world.now = noon(day);
        self.text += &format!("\non {day}\n");
        self
    }

    /// What becomes of what has waited for its time.
    #[must_use]
    pub fn due(mut self) -> Self {
        let tick = call(&mut self.world, &self.plugin, "tick", json!([{}]));
        for report in tick["events"].as_array().unwrap() {
            self.text += &format!("\n> later: {} of order {}\n", text(&report["event"]), text(&report["order"]));
            for line in self.lines(report) {
                self.text += &format!("  {line}\n");
            }
        }
        self
    }

    /// What Digistore24 answers when it is asked about an order.
    #[must_use]
    pub fn knows(mut self, id: &str, purchase: Value) -> Self {
        self.world.purchases.insert(id.to_owned(), purchase);
        self
    }

    /// What Digistore24 answers to another question, such as `getEticket 700001`.
    #[must_use]
    pub fn answers(mut self, question: &str, answer: Value) -> Self {
        self.world.answers.insert(question.to_owned(), answer);
        self
    }

    /// The story.
    pub fn end(self) -> String {
        self.text
    }

    fn apply(&mut self, message: &Value) -> Value {
        let mut whole = event(json!({ "tags": "Kräuter" }));
        let raw = whole.as_object_mut().unwrap().get_mut("raw").unwrap().as_object_mut().unwrap();
        raw.extend(message.as_object().unwrap().clone());
        let moves_money =
            ["on_payment", "on_refund", "on_chargeback", "service_proof_request", "refund_request", "delivery"]
                .iter()
                .any(|kind| raw["event"] == **kind);
        raw.retain(|name, _| moves_money || !name.starts_with("transaction_"));
        call(&mut self.world, &self.plugin, "sync.apply", json!([whole]))
    }

    fn lines(&self, report: &Value) -> Vec<String> {
        let outcome = text(&report["outcome"]);
        if outcome != "done" {
            let kept = self.world.entries.iter().rfind(|(key, _)| key.contains("/kept/"));
            let reason = kept
                .filter(|_| outcome == "kept")
                .map(|(_, (value, _))| text(&ghl_digistore24::json::parse(value).unwrap()["reason"]));
            return vec![[outcome, reason.map(|r| format!(": {r}")).unwrap_or_default()].concat()];
        }
        let mut lines = changes(report);
        let plan = &report["plan"];
        let asked = report["calls"].as_array().unwrap().iter().map(|c| text(&c["operation"]));
        for operation in asked.filter(|o| o.starts_with("digistore24.") || o.contains("Duplicate")) {
            lines.push(format!("asked {operation}"));
        }
        for (number, step) in (1..).zip(plan["steps"].as_array().unwrap()) {
            let (action, with) = step["do"].as_object().unwrap().iter().next().unwrap();
            let (what, more) = words(action, with);
            lines.push(format!("{number}. {what} ({})", text(&step["why"])));
            lines.extend(more.into_iter().map(|line| format!("     {line}")));
        }
        for later in plan["later"].as_array().unwrap() {
            let at = clock(later["at"].as_f64().unwrap() as u64);
            lines.push(format!("later, {at}: step {} of {}", later["step"], text(&later["playbook"])));
        }
        lines.extend(plan["remarks"].as_array().unwrap().iter().map(|remark| format!("note: {}", text(remark))));
        if plan["steps"].as_array().unwrap().is_empty() {
            lines.push("nothing is written".to_owned());
        }
        if let Some(contact) = report["contactId"].as_str() {
            let tags: Vec<String> = self.world.contacts[contact].tags.iter().cloned().collect();
            lines.push(format!("contact {contact} now has {}", tags.join(" ")));
        }
        lines
    }
}

/// With a key for Digistore24's API, and the vendor's number known.
fn plugin(mapping: Value) -> Plugin {
    Plugin::new(json!({
        "mapping": mapping,
        "highlevel": { "auth": { "kind": "private-integration", "token": "pit-test" }, "locationId": "loc1", "baseUrl": "https://ghl.test" },
        "digistore24": { "merchantId": "777", "apiKey": "123-key", "baseUrl": "https://ds24.test" },
    }))
    .unwrap()
}

/// One write in words; its content line by line.
fn words(action: &str, with: &Value) -> (String, Vec<String>) {
    let pairs = |value: &Value| -> Vec<String> {
        value.as_object().unwrap().iter().map(|(name, value)| format!("{name}: {}", text(value))).collect()
    };
    let body = || text(&with["body"]).lines().map(|line| format!("| {line}")).collect();
    let tags = || with["tags"].as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(" ");
    match action {
        "createContact" | "updateContact" => {
            let verb = if action == "createContact" { "create the contact" } else { "update the contact" };
            (verb.to_owned(), [pairs(&with["fields"]), pairs(&with["custom"])].concat())
        }
        "createNote" => (format!("write the note {}", text(&with["title"])), body()),
        "updateNote" => ("bring the note up to date".to_owned(), body()),
        "createTask" => (format!("make the task {}, due {}", text(&with["title"]), text(&with["due"])), body()),
        "completeTask" => ("complete the task".to_owned(), Vec::new()),
        "removeTags" => (format!("take off {}", tags()), Vec::new()),
        "addTags" => (format!("put on {}", tags()), Vec::new()),
        _ => (format!("call {}", text(&with["operation"])), pairs(&with["input"])),
    }
}

/// What becomes of each item.
fn changes(report: &Value) -> Vec<String> {
    let Some(changes) = report["plan"]["changes"].as_array() else { return vec![text(&report["outcome"])] };
    let state = |value: &Value, none: &str| value.as_str().unwrap_or(none).to_owned();
    let mut lines = Vec::new();
    for change in changes {
        let (from, to) = (state(&change["from"], "new"), state(&change["to"], "nothing"));
        let arrow = if from == to { format!("stays {from}") } else { format!("{from} -> {to}") };
        lines.push(format!("item {}: {arrow}", text(&change["item"])));
    }
    lines
}

/// The event, and what its message says beside what all messages of these stories say.
fn params(message: &Value) -> String {
    let given = message.as_object().unwrap();
    let name = given.get("event").map_or_else(|| "on_payment".to_owned(), text);
    let rest = given.iter().filter(|(name, _)| *name != "event");
    let rest: Vec<String> = rest.map(|(name, value)| format!("{name}={}", text(value))).collect();
    [vec![name], rest].concat().join(" ")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn noon(day: &str) -> u64 {
    ghl_digistore24::clock::parse_berlin(&format!("{day} 12:00:00")).unwrap().unix_timestamp() as u64 * 1000
}

fn clock(ms: u64) -> String {
    ghl_digistore24::clock::iso_utc(ms)
}
