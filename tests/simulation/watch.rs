//! Looks on, tells the model what was dealt with, and compares: what is nowhere, what came twice, what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use ghl_digistore24::json::{Value, parse};

use super::model::Model;
use super::shop::{PRODUCTS, Shop, Stand, What};
use super::support::{Contact, World};

pub struct Watch<'a> {
    seed: u64,
    shop: &'a Shop,
    pub model: Model<'a>,
    /// Messages that are safe, by number.
    safe: BTreeSet<usize>,
    /// Names of what waits, in the order in which they came, with their person.
    waiting: Vec<(String, String)>,
    /// What each sender sends: the message, and whether it came before and its money has gone back since.
    sent: BTreeMap<usize, (usize, bool)>,
    trace: bool,
}

impl<'a> Watch<'a> {
    pub fn new(seed: u64, shop: &'a Shop, model: Model<'a>) -> Self {
        let (safe, waiting, sent) = Default::default();
        Self { seed, shop, model, safe, waiting, sent, trace: std::env::var("SIMULATION_TRACE").is_ok() }
    }

    pub fn is_sent(&mut self, sender: usize, message: usize) {
        let returned = self.safe.contains(&message) && self.model.is_returned(&self.shop.messages[message]);
        self.sent.insert(sender, (message, returned));
    }

    /// Whether a message is safe by what its sender heard.
    pub fn is_taken(&self, sender: usize, answer: &Value) -> bool {
        let seed = self.seed;
        let (message, returned) = self.sent[&sender];
        if answer["response"].is_object() && answer["response"]["status"].as_u64() != Some(200) {
            assert_eq!(answer["error"]["code"], "storage", "seed {seed}: message {message}: {answer}");
            return false;
        }
        assert!(self.safe.contains(&message), "seed {seed}: message {message} is lost, but its sender heard {answer}");
        let is_duplicate = answer["outcome"] == "duplicate";
        assert!(!(is_duplicate && returned), "seed {seed}: message {message} came after its refund: {answer}");
        true
    }

    /// What has been written since the last look.
    pub fn look(&mut self, world: &mut World) {
        let seed = self.seed;
        for write in std::mem::take(&mut world.journal) {
            let name = write.key.rsplit('/').next().unwrap().to_owned();
            let Some(value) = write.value.as_deref().and_then(parse) else { continue };
            let number = number_of(&value);
            if self.trace {
                println!("{} message {number}: {}", world.now, write.key);
            }
            if write.key.contains("/inbox/") {
                if write.expect.is_some_and(|version| version > 0) {
                    continue;
                }
                let is_step = value["due"].is_object();
                let message = &self.shop.messages[number];
                let returned = self.model.is_returned(message);
                let fresh = self.safe.insert(number);
                assert!(is_step || fresh || returned, "seed {seed}: message {number} was taken twice");
                self.waiting.push((name, value["person"].as_str().unwrap().to_owned()));
            } else if write.key.contains("/kept/") {
                assert!(self.safe.insert(number), "seed {seed}: message {number} was kept twice");
                let what = self.shop.messages[number].what;
                assert!(matches!(what, What::Noise | What::Partner), "seed {seed}: message {number} was put aside");
            } else {
                assert!(
                    write.key.contains("/done/"),
                    "seed {seed}: message {number} can't be carried out: {}",
                    value["error"]
                );
                let at = self.waiting.iter().position(|(n, _)| *n == name);
                let at = at.unwrap_or_else(|| panic!("seed {seed}: message {number} was done twice"));
                let (_, person) = self.waiting.remove(at);
                let before = self.waiting[..at].iter().find(|(n, p)| *p == person && *n < name);
                assert!(before.is_none(), "seed {seed}: message {number} overtook {before:?}");
                let playbook = value["due"]["playbook"].as_str().unwrap_or_default();
                match value["due"]["step"].as_u64() {
                    _ if playbook.starts_with("upgrade from") => self.model.upgrade(number),
                    Some(step) => self.model.apply_later(number, step == 5),
                    None => self.model.apply(number, value["repeated"].as_bool() == Some(true)),
                }
            }
        }
        for (tag, contact) in std::mem::take(&mut world.snapshots) {
            self.is_whole(&tag, &contact);
        }
    }

    /// What a workflow that starts on a tag finds: the fields and the note of the event that brought the tag.
    fn is_whole(&self, tag: &str, contact: &Contact) {
        let seed = self.seed;
        let custom = |name: &str| contact.custom.get(name).and_then(Value::as_str).unwrap_or_default();
        if matches!(custom("ds24_last_event"), "affiliation" | "eticket") || tag == "month" {
            return;
        }
        let mut states = [Stand::Active, Stand::Completed, Stand::Ended, Stand::Refunded].iter();
        if states.any(|s| tag == format!("ds24-{}", s.word())) {
            assert_eq!(tag, format!("ds24-{}", custom("ds24_status")), "seed {seed}: the tag came before the fields");
        }
        if let Some((_, name, _)) = PRODUCTS.iter().find(|(id, ..)| tag == format!("ds24-p-{id}")) {
            assert!(custom("ds24_products").contains(name), "seed {seed}: {tag} came before the fields");
        }
        let event = custom("ds24_last_event").replace('_', " ");
        let mut last = contact.notes.iter().filter_map(|note| note["body"].as_str()?.lines().last());
        assert!(last.any(|line| line.contains(&event)), "seed {seed}: {tag} came before the note: {event}");
    }

    /// Whether each item stands where it really does.
    pub fn is_true(&self) -> bool {
        let shop = &self.shop.orders;
        self.model
            .orders
            .iter()
            .all(|(n, order)| order.items.iter().all(|i| i.stand == shop[*n].truth(i.item.unwrap_or_default())))
    }

    /// The CRM is as the model says.
    pub fn compare(&mut self, world: &World) {
        let seed = self.seed;
        for number in 0..self.shop.messages.len() {
            assert!(self.safe.contains(&number), "seed {seed}: message {number} is lost");
        }
        assert!(self.waiting.is_empty(), "seed {seed}: never dealt with: {:?}", self.waiting);
        for room in ["/dead/", "/claim/", "/work/"] {
            let left = world.entries.iter().find(|(key, _)| key.contains(room));
            assert!(left.is_none(), "seed {seed}: left over: {left:?}");
        }
        let is = |email: &str| {
            world.contacts.values().filter(|c| c.fields.get("email").and_then(Value::as_str) == Some(email)).count()
        };
        for email in self.model.contacts.keys() {
            assert_eq!(is(email), 1, "seed {seed}: contacts with the address {email}");
        }
        assert_eq!(world.contacts.len(), self.model.contacts.len(), "seed {seed}: contacts");
        assert!(world.businesses.len() <= 1, "seed {seed}: businesses {:?}", world.businesses);
        // What can't be looked up is done at most once, and told where it may be missing.
        let told =
            world.logs.iter().filter(|l| l["message"].as_str().is_some_and(|m| m.contains("is not repeated"))).count();
        let mut missing = 0;
        for (id, contact) in &world.contacts {
            missing += self.contact(world, id, contact);
        }
        assert!(missing <= told, "seed {seed}: {missing} enrolments are missing, {told} were told");
        let asked: BTreeSet<&str> = world
            .shop
            .iter()
            .filter(|line| line.starts_with("stopRebilling"))
            .map(|line| line.rsplit('=').next().unwrap())
            .collect();
        for order in &self.model.stops {
            let shown = world.purchases.get(order);
            let is_stopped = shown.is_some_and(|p| p["is_canceled_later"] == "Y" || p["is_canceled_now"] == "Y");
            let is_right = is_stopped || asked.contains(order.as_str());
            assert!(is_right, "seed {seed}: {order} was not stopped: {:?}", world.shop);
        }
    }

    /// One contact. Gives how many enrolments are missing.
    fn contact(&self, world: &World, id: &str, contact: &Contact) -> usize {
        let (seed, model) = (self.seed, &self.model);
        let email = contact.fields["email"].as_str().unwrap();
        let right = &model.contacts[email];
        let tags: BTreeSet<String> = contact.tags.iter().cloned().collect();
        let wanted: BTreeSet<String> = right.tags.union(&right.foreign).cloned().collect();
        if self.trace {
            println!(
                "{:#?} {}",
                contact.notes,
                world
                    .entries
                    .iter()
                    .filter(|(k, _)| k.contains("/person/"))
                    .map(|(k, v)| format!("{k} {}\n", v.0))
                    .collect::<String>()
            );
        }
        assert_eq!(tags, wanted, "seed {seed}: tags of {email}");
        let mut came: BTreeMap<String, usize> = BTreeMap::new();
        for tag in world.triggers.iter().filter_map(|t| t.strip_prefix(id)?.strip_prefix(" +")) {
            *came.entry(tag.to_owned()).or_default() += 1;
        }
        assert_eq!(came, right.came, "seed {seed}: how often the tags of {email} came");
        let text = |name: &str| contact.custom.get(name).and_then(Value::as_str).unwrap_or_default();
        if !right.orders.is_empty() {
            assert_eq!(contact.fields["firstName"], right.first_name.as_str(), "seed {seed}: name of {email}");
            let orders = right.orders.iter().filter_map(|o| model.orders.get(o));
            let best = orders.filter_map(|o| o.stand()).min();
            // Of nothing but replaced orders no status follows.
            if let Some(best) = best {
                assert_eq!(text("ds24_status"), best.word(), "seed {seed}: status of {email}");
            }
        }
        if right.has_lifetime {
            let lifetime = (contact.custom["ds24_lifetime"].as_f64().unwrap() * 100.0).round() as i64;
            assert_eq!(lifetime, model.lifetime(right), "seed {seed}: lifetime of {email}");
        }
        assert_eq!(contact.business.is_some(), right.has_business, "seed {seed}: business of {email}");
        assert_eq!(contact.appointments.len(), right.welcomes, "seed {seed}: appointments of {email}");
        let title = |n: &Value| n["title"].as_str().unwrap().trim_start_matches("[TEST] ").to_owned();
        let (of_orders, others): (Vec<&Value>, Vec<&Value>) =
            contact.notes.iter().partition(|n| title(n).starts_with("DS24 "));
        assert_eq!(
            (of_orders.len(), others.len()),
            (right.orders.len() + right.tickets, right.welcomes),
            "seed {seed}: notes of {email}: {:#?}",
            contact.notes
        );
        let mut tasks: Vec<String> = contact
            .tasks
            .iter()
            .map(|t| {
                let body = t["body"].as_str().unwrap();
                let purpose = body.lines().last().unwrap().split(':').collect::<Vec<_>>();
                let purpose = if purpose.len() == 3 { purpose[1] } else { "playbook" };
                format!("{purpose} {}", t["completed"].as_bool() != Some(true))
            })
            .collect();
        let mut right_tasks = Vec::new();
        for number in &right.orders {
            let (order, sold) = (&model.orders[number], &self.shop.orders[*number]);
            right_tasks.extend(order.tasks.iter().map(|task| format!("{} {}", task.purpose, task.is_open)));
            let mark = format!("DS24 {} ", sold.id);
            let note = of_orders
                .iter()
                .find(|n| title(n).starts_with(&mark) && !title(n).contains(" · eticket · "))
                .unwrap_or_else(|| panic!("seed {seed}: no note of {}", sold.id));
            let body = note["body"].as_str().unwrap();
            let (head, history) = body.split_once("\n\n").unwrap();
            assert_eq!(history.lines().count(), order.history, "seed {seed}: history of {}: {body}", sold.id);
            let mut stands: Vec<&str> = head
                .lines()
                .skip(1)
                .filter(|l| !l.starts_with("Next payment") && !l.starts_with("Paid until"))
                .map(|l| l.rsplit(' ').next().unwrap())
                .collect();
            stands.sort_unstable();
            let mut right: Vec<&str> = order.noted.iter().map(|s| s.word()).collect();
            right.sort_unstable();
            assert_eq!(stands, right, "seed {seed}: items of {}", sold.id);
            let deals: Vec<&Value> =
                contact.deals.iter().filter(|d| d["name"].as_str().unwrap().contains(&sold.id)).collect();
            assert_eq!(deals.len(), usize::from(order.deal.is_some()), "seed {seed}: deals of {}", sold.id);
            for deal in deals {
                let lost = order.deal == Some(true);
                assert_eq!(deal["status"], if lost { "lost" } else { "won" }, "seed {seed}: deal of {}", sold.id);
                if !sold.test {
                    let value = (deal["monetaryValue"].as_f64().unwrap() * 100.0).round() as i64;
                    assert_eq!(value, order.first_left(), "seed {seed}: value of the deal of {}", sold.id);
                }
            }
        }
        tasks.sort();
        right_tasks.sort();
        assert_eq!(tasks, right_tasks, "seed {seed}: tasks of {email}");
        let enrolled =
            world.enrolments.iter().filter(|e| e.strip_prefix(id).is_some_and(|rest| rest.starts_with(' '))).count();
        assert!(enrolled <= right.welcomes, "seed {seed}: {email} was enrolled {enrolled} times");
        right.welcomes - enrolled
    }
}

/// The number that the shop gave to a stored message.
fn number_of(message: &Value) -> usize {
    let body = message["body"].as_str().unwrap().as_bytes();
    form_urlencoded::parse(body).find(|(name, _)| name == "custom").unwrap().1.parse().unwrap()
}
